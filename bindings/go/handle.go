package tdc

import (
	"sync/atomic"

	"go.temporal.io/sdk/converter"
)

// An operation is what the library does.
type operation int

const (
	encode operation = iota // by the codecs
	decode
	toPayload // by the converters
	fromPayload
	encodeFailure
	decodeFailure
	decodeHistory
)

// handle is what the calls share. It is apart from Tdc so that the cleanup of an
// unreachable Tdc can still reach it.
type handle struct {
	native    native
	provider  KeyProvider
	own       []converter.PayloadConverter // of the user
	servers   *codecServers
	sdkErrors bool // see WithSDKErrors

	// overhead is how much longer encoding makes a payload at most.
	overhead int

	// converts tells whether the SDK's default converter does not do what the
	// configuration and the user say.
	converts atomic.Bool

	// remote tells whether payloads of some namespace go to a codec server.
	remote atomic.Bool

	closed atomic.Bool
	users  atomic.Int64 // the calls in flight, and one until Close
}

func newHandle(n native, o options) *handle {
	h := &handle{
		native:    n,
		provider:  o.provider,
		own:       o.own,
		servers:   newCodecServers(o),
		sdkErrors: o.sdkErrors,
		overhead:  n.encodeBound(0), // a constant that no reload changes
	}
	h.users.Store(1)
	h.readFlags()
	return h
}

// acquire keeps the library's memory until release. It reports false after Close.
func (h *handle) acquire() bool {
	for !h.closed.Load() {
		n := h.users.Load()
		if n == 0 {
			return false
		}
		if h.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (h *handle) release() {
	if h.users.Add(-1) == 0 {
		h.native.free()
		h.servers.close()
	}
}

func (h *handle) close() {
	if !h.closed.Swap(true) {
		h.release()
	}
}

func (h *handle) reload() error {
	if err := h.native.reload(); err != nil {
		return err
	}
	h.readFlags()
	return nil
}

// readFlags reads what a reload may change.
func (h *handle) readFlags() {
	converters, remote, _ := h.native.flags()
	h.converts.Store(len(h.own) > 0 || converters)
	h.remote.Store(remote)
}

// mayWait tells whether calls may wait for a key provider or a codec server.
func (h *handle) mayWait() bool { return h.provider != nil || h.remote.Load() }

// withAdvice is an error of the library, with what the host knows of it.
func (h *handle) withAdvice(e *Error) *Error {
	if e.Code == ErrKeyUnknown && h.provider == nil {
		if _, _, hostKeys := h.native.flags(); hostKeys {
			return withoutProvider(e)
		}
	}
	return e
}
