// Package tdc converts, encrypts and compresses Temporal payloads as one configuration file says,
// which every language reads the same way.
//
// [Open] a file and give its converters to the client; nothing else changes:
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
// A [Tdc] and everything it returns are safe for concurrent use; one serves any number of clients
// and workers. Input payloads are never changed.
package tdc

import (
	"net/http"
	"runtime"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// A Tdc is an open configuration: converters, codecs, keys and limits.
type Tdc struct{ handle *handle }

// An Option changes what [Open] and [Parse] do.
type Option func(*options)

type options struct {
	namespace string
	provider  KeyProvider
	service   KeyService
	own       []converter.PayloadConverter
	client    *http.Client
	headers   RemoteHeaders
	sdkErrors bool
}

// WithNamespace sets the Temporal namespace, for configurations with rules for namespaces. A
// namespace in the SDK's serialization context overrides it.
func WithNamespace(namespace string) Option {
	return func(o *options) { o.namespace = namespace }
}

// WithKeyProvider sets the provider of keys that are not in the configuration's
// ring. The configuration needs "host: true" for that.
func WithKeyProvider(provider KeyProvider) Option {
	return func(o *options) { o.provider = provider }
}

// WithPayloadConverters puts payload converters of your own in front of the
// configuration's: the first that accepts a value converts it.
//
// If it returns one of the SDK's forms json/plain, binary/plain, binary/null and binary/protobuf,
// the configuration's converters continue as with the SDK's own: a converter with the encoding
// json/plain decides how your types become JSON and come back, and the configuration whether that
// is stored as JSON or as MessagePack. Payloads with any other encoding are left to your converter
// in both directions; choose an encoding that the library does not know, otherwise its codecs
// decode it first.
func WithPayloadConverters(own ...converter.PayloadConverter) Option {
	return func(o *options) { o.own = append(o.own, own...) }
}

// Open reads the configuration at path, and the keys that it names. Paths in
// the file are relative to it.
func Open(path string, opts ...Option) (*Tdc, error) {
	return open(opts, func(namespace string) (native, error) { return openNative(path, namespace) })
}

// Parse opens a configuration that is not in a file. Paths in the document are
// relative to dir.
func Parse(document []byte, dir string, opts ...Option) (*Tdc, error) {
	return open(opts, func(namespace string) (native, error) { return parseNative(document, dir, namespace) })
}

func open(opts []Option, open func(namespace string) (native, error)) (*Tdc, error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	o := collect(options{}, opts)
	n, err := open(o.namespace)
	if err != nil {
		return nil, err
	}
	t := &Tdc{newHandle(n, o)}
	// Without a Close, memory and keys are freed once the Tdc is unreachable.
	runtime.AddCleanup(t, func(h *handle) { h.close() }, t.handle)
	return t, nil
}

// collect applies options to their defaults.
func collect[T any, Option ~func(*T)](o T, opts []Option) T {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// PayloadCodec is the configuration's codecs as one codec of the SDK. Use it to
// put codecs of your own around it:
//
//	converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), outer, t.PayloadCodec(), inner)
//
// Go applies codecs last to first: encoding calls inner first, then tdc, then outer; decoding the
// other way round. With a key provider, a key service or a codec server, which may be slow, wrap
// the data converter with workflow.DataConverterWithoutDeadlockDetection.
//
// It also implements [converter.PayloadCodecWithSerializationContext].
func (t *Tdc) PayloadCodec() converter.PayloadCodec { return &payloadCodec{scope{tdc: t}} }

// DataConverter is the configuration's converters, followed by its codecs, ready
// for client.Options. If the converters are the default list, the SDK's own
// default data converter does their work. With a key provider, a key service or a
// codec server it also tells the SDK's deadlock detector that calls may take long.
//
// Package encoding/json converts Go's types to JSON and back, as in the SDK; see
// [WithPayloadConverters] to use another one.
func (t *Tdc) DataConverter() converter.DataConverter {
	return newDataConverter(newValues(scope{tdc: t}), nil)
}

// FailureConverter is the SDK's default failure converter, followed by the
// configuration's codecs, ready for client.Options: the details of errors are
// encoded, and messages and stack traces too if the configuration says
// "failures: { encode_common_attributes: true }".
//
// Go's SDK does not use the client's data converter for failures; without this one in
// client.Options, details of errors travel in the clear.
//
// Decoding restores messages and stack traces whatever the configuration says about encoding. If it
// fails, the error is both the SDK's, built from what can be read, and an [*Error] that says why.
//
// The SDK's deadlock detector cannot be told about a failure converter: where workflow code waits
// here for more than a second, the workflow task fails and is retried. By then a key is cached; a
// codec server is asked again, so one that always takes that long is too slow for update handlers
// that fail.
func (t *Tdc) FailureConverter() converter.FailureConverter {
	return newFailureConverter(scope{tdc: t})
}

// EncodeMessage encodes every payload and failure in message, which is any message of Temporal's
// API: a request, a history, a schedule. Search attributes are never touched, headers only
// [WithHeaders]. The message changes only if all of it was encoded, and then in place: do not share
// parts of it with other messages. The limit max_input_bytes counts the parts of the message that
// lead to payloads.
func (t *Tdc) EncodeMessage(message proto.Message, opts ...MessageOption) error {
	return t.messages(opts).rewrite(encode, message)
}

// DecodeMessage decodes every payload and failure in message, which is any message of Temporal's
// API. Payloads that tdc did not encode stay as they are. The message changes only if all of it was
// decoded, as with EncodeMessage.
func (t *Tdc) DecodeMessage(message proto.Message, opts ...MessageOption) error {
	return t.messages(opts).rewrite(decode, message)
}

// DecodeHistory decodes an exported history and returns it in the same form: the
// JSON of "temporal workflow show --output json" or of the Web UI's
// download, or temporal.api.export.v1, JSON or binary.
func (t *Tdc) DecodeHistory(history []byte, opts ...MessageOption) ([]byte, error) {
	return t.messages(opts).convert(decodeHistory, history)
}

func (t *Tdc) messages(opts []MessageOption) *messageOptions {
	o := collect(messageOptions{scope: scope{tdc: t}}, opts)
	return &o
}

// Reload reads the configuration's key files and variables again, for a changed key ring. Calls in
// flight keep the configuration they started with; if it fails, nothing changes. The library
// requests a reload by itself when a key is missing from the ring, so a call is only needed to
// promote a new primary key at once.
func (t *Tdc) Reload() error {
	if !t.handle.acquire() {
		return ErrClosed
	}
	defer t.handle.release()
	return t.handle.reload()
}

// Close erases the keys. Calls in flight complete, and the last of them frees the memory; later
// calls fail with [ErrClosed]. Closing again does nothing. The error is always nil; it exists for
// [io.Closer].
func (t *Tdc) Close() error {
	t.handle.close()
	return nil
}
