// Package tdc converts, encrypts and compresses Temporal payloads by one
// configuration file that every language reads the same way.
//
// [Open] a file and hand what it gives to the client; nothing else changes:
//
//	t, err := tdc.Open("tdc.yaml")
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	c, err := client.Dial(client.Options{
//		DataConverter:    t.DataConverter(),
//		FailureConverter: t.FailureConverter(),
//	})
//
// Set both. Go's SDK does not use the client's data converter for failures:
// without FailureConverter the details of your errors travel in the clear.
//
// A [Tdc] and all that it gives are safe for concurrent use; one serves any
// number of clients and workers. Payloads that come in are never changed.
package tdc

import (
	"net/http"
	"runtime"
	"sync/atomic"

	"go.temporal.io/sdk/converter"
)

// A Tdc is an open configuration: converters, codecs, keys and limits.
type Tdc struct{ core *core }

// An Option changes what [Open] and [Parse] do.
type Option func(*options)

type options struct {
	namespace string
	provider  KeyProvider
	own       []converter.PayloadConverter
	client    *http.Client
	headers   RemoteHeaders
	sdkErrors bool
}

// WithNamespace names the Temporal namespace, for configurations with rules for
// namespaces. A serialization context of the SDK has its own and overrides it.
func WithNamespace(namespace string) Option {
	return func(o *options) { o.namespace = namespace }
}

// WithKeyProvider names where to ask for keys that are not in the ring of the
// configuration, which says "host: true" for that.
func WithKeyProvider(provider KeyProvider) Option {
	return func(o *options) { o.provider = provider }
}

// WithPayloadConverters puts payload converters of your own in front of the
// configuration's: each value goes to the first that accepts it.
//
// What it makes in one of the SDK's forms json/plain, binary/plain, binary/null
// and binary/protobuf, the configuration's converters change as they would the
// SDK's own: so a converter with the encoding json/plain decides how your types
// become JSON and come back, and the configuration whether that is stored as
// JSON or as MessagePack. Payloads of any other encoding are its own alone, both
// ways; name one that the library does not know, or its codecs open it first.
func WithPayloadConverters(own ...converter.PayloadConverter) Option {
	return func(o *options) { o.own = append(o.own, own...) }
}

// Open reads the configuration at path, and the keys that it names. Paths in
// the file are relative to it.
func Open(path string, opts ...Option) (*Tdc, error) {
	o := collect(opts)
	n, err := openNative(path, o.namespace)
	if err != nil {
		return nil, err
	}
	return newTdc(n, o), nil
}

// Parse opens a configuration that is not in a file. Paths in the document are
// relative to dir.
func Parse(document []byte, dir string, opts ...Option) (*Tdc, error) {
	o := collect(opts)
	n, err := parseNative(document, dir, o.namespace)
	if err != nil {
		return nil, err
	}
	return newTdc(n, o), nil
}

func collect(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func newTdc(n native, o options) *Tdc {
	t := &Tdc{core: &core{native: n, provider: o.provider, own: o.own, servers: newCodecServers(o), sdkErrors: o.sdkErrors}}
	t.core.users.Store(1)
	t.core.look()
	// Whoever forgets Close gives the memory and the keys back all the same.
	runtime.AddCleanup(t, func(c *core) { c.close() }, t.core)
	return t
}

// Reload reads the configuration's key files and variables again, for a changed
// key ring. Calls in flight keep what they began with; if it fails, nothing
// changes. A key that is not in the ring makes the library ask for a reload by
// itself, so calling it is only needed to promote a new primary key at once.
func (t *Tdc) Reload() error {
	if !t.core.acquire() {
		return ErrClosed
	}
	defer t.core.release()
	return t.core.reload()
}

// Close wipes the keys. Calls in flight end as they began, and the last of them
// frees the memory; later calls are answered with [ErrClosed]. Closing again
// does nothing. The error is always nil, for the sake of [io.Closer].
func (t *Tdc) Close() error {
	t.core.close()
	return nil
}

// core is what the calls share. It is apart from Tdc so that the cleanup of an
// unreachable Tdc can still reach it.
type core struct {
	native   native
	provider KeyProvider
	own      []converter.PayloadConverter // of the user
	servers  *codecServers

	sdkErrors bool // see WithSDKErrors

	// converts tells whether the SDK's default converter does not do what the
	// configuration and the user say.
	converts atomic.Bool

	// remote tells whether payloads of some namespace go to a codec server.
	remote atomic.Bool

	closed atomic.Bool
	users  atomic.Int64 // the calls in flight, and one until Close

	// added is how much longer than itself encoding has made a payload so far.
	added atomic.Int64
}

// acquire keeps the library's memory until release. It reports false after
// Close.
func (c *core) acquire() bool {
	for !c.closed.Load() {
		n := c.users.Load()
		if n == 0 {
			return false
		}
		if c.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (c *core) release() {
	if c.users.Add(-1) == 0 {
		c.native.free()
		c.servers.close()
	}
}

func (c *core) close() {
	if !c.closed.Swap(true) {
		c.release()
	}
}

// reload reads the configuration again, which may say something else now.
func (c *core) reload() error {
	if err := c.native.reload(); err != nil {
		return err
	}
	c.look()
	return nil
}

func (c *core) look() {
	c.converts.Store(len(c.own) > 0 || c.native.hasConverters())
	c.remote.Store(c.native.usesRemote())
}

// room is a good guess of what encoding makes of size bytes. The library's bound
// has to allow for the longest key id; once a payload was encoded, the same
// again nearly always suffices, and where it does not, the library says so
// before it does any work.
func (c *core) room(size int) int {
	if added := c.added.Load(); added > 0 {
		return size + int(added)
	}
	return c.native.encodeBound(size)
}

// learn keeps what room wants to know. The varint of a longer payload's length
// may take some bytes more.
func (c *core) learn(size, encoded int) {
	if added := int64(encoded - size); added > c.added.Load() {
		c.added.Store(added + 8)
	}
}
