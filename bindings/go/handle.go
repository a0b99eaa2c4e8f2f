package tdc

import (
	"strings"
	"sync/atomic"

	"go.temporal.io/sdk/converter"
)

// An operation is an operation of the library.
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

// flags are what a configuration says to its host.
type flags struct {
	converters  bool // they are not the default list
	remote      bool // payloads of some namespace go to a codec server
	hostKeys    bool // the host is asked for keys that are not in the ring
	keyServices bool // key services wrap and unwrap data keys
}

// handle is shared by all calls. It is separate from Tdc so that the cleanup of an unreachable Tdc
// can still reach it.
type handle struct {
	native    native
	provider  KeyProvider
	service   KeyService                   // of the user; nil for the clients of libtdc_keys
	own       []converter.PayloadConverter // of the user
	servers   *codecServers
	sdkErrors bool // see WithSDKErrors

	// overhead is the most bytes that encoding adds to a payload, as it was read last: a key service
	// may return a longer data key than before.
	overhead atomic.Int64

	// converts tells whether the configuration or the user requires other converters than the SDK's
	// default ones.
	converts atomic.Bool

	// remote tells whether payloads of some namespace go to a codec server.
	remote atomic.Bool

	// keyServices tells whether key services wrap and unwrap data keys.
	keyServices atomic.Bool

	closed atomic.Bool
	users  atomic.Int64 // the calls in flight, and one until Close
}

func newHandle(n native, o options) *handle {
	h := &handle{
		native:    n,
		provider:  o.provider,
		service:   o.service,
		own:       o.own,
		servers:   newCodecServers(o),
		sdkErrors: o.sdkErrors,
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
	is := h.native.flags()
	h.converts.Store(len(h.own) > 0 || is.converters)
	h.remote.Store(is.remote)
	h.keyServices.Store(is.keyServices)
	h.readOverhead()
}

// readOverhead reads what a reload and a new data key may change. It can become less: until a key
// service has wrapped the first data key, the library guesses.
func (h *handle) readOverhead() { h.needs(0) }

// needs reads the overhead again after a payload that needed this much.
func (h *handle) needs(overhead int) {
	h.overhead.Store(int64(max(overhead, h.native.encodeBound(0))))
}

// mayWait tells whether calls may wait for a key provider, a key service or a codec
// server.
func (h *handle) mayWait() bool { return h.provider != nil || h.remote.Load() || h.keyServices.Load() }

// withAdvice is an error of the library, which cannot know that the configuration asks the host for
// keys and there is no key provider.
func (h *handle) withAdvice(e *Error) *Error {
	if e.Code != ErrKeyUnknown || h.provider != nil || !h.native.flags().hostKeys {
		return e
	}
	unknown := e.Message
	if advice := strings.LastIndex(unknown, ": "); advice >= 0 { // for keys of the ring
		unknown = unknown[:advice]
	}
	return newError(ErrKeyProvider, e.PayloadIndex, unknown+`, and no key provider was given: pass tdc.WithKeyProvider to Open, `+
		`which "host: true" expects, or add the key to keys.ring`)
}
