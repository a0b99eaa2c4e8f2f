package tdc

import (
	"context"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A MessageOption changes what [Tdc.EncodeMessage], [Tdc.DecodeMessage] and
// [Tdc.DecodeHistory] do.
type MessageOption func(*messageOptions)

type messageOptions struct {
	codec   payloadCodec
	headers bool
}

// WithHeaders encodes the payloads of headers as well, which the SDKs leave
// alone. Decoding opens encoded headers in any case.
func WithHeaders() MessageOption {
	return func(o *messageOptions) { o.headers = true }
}

// WithSerializationContext says where the payloads live, for configurations
// with rules for namespaces.
func WithSerializationContext(sc converter.SerializationContext) MessageOption {
	return func(o *messageOptions) { o.codec.serialization = marshalContext(sc) }
}

// WithContext is for the key provider, which gets it with each id, and for
// requests to a codec server, which end with it.
func WithContext(ctx context.Context) MessageOption {
	return func(o *messageOptions) { o.codec.ctx = ctx }
}

// EncodeMessage encodes every payload and failure in message, which is any
// message of Temporal's API: a request, a history, a schedule. Search attributes
// are never touched, headers only [WithHeaders]. The message changes only if
// all of it was encoded.
func (t *Tdc) EncodeMessage(message proto.Message, opts ...MessageOption) error {
	return t.rewrite(encode, message, opts)
}

// DecodeMessage decodes every payload and failure in message, which is any
// message of Temporal's API. What tdc did not make stays as it is. The message
// changes only if all of it was decoded.
func (t *Tdc) DecodeMessage(message proto.Message, opts ...MessageOption) error {
	return t.rewrite(decode, message, opts)
}

// DecodeHistory decodes an exported history and gives it in the form that it
// came in: the JSON of "temporal workflow show --output json" or of the Web UI's
// download, or temporal.api.export.v1, JSON or binary.
func (t *Tdc) DecodeHistory(history []byte, opts ...MessageOption) ([]byte, error) {
	o := t.messageOptions(opts)
	return o.codec.whole(func(n native, call *nativeCall) ([]byte, *fault) {
		return n.history(call, o.codec.serialization, history)
	})
}

func (t *Tdc) messageOptions(opts []MessageOption) *messageOptions {
	o := &messageOptions{codec: payloadCodec{tdc: t}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

func (t *Tdc) rewrite(op operation, message proto.Message, opts []MessageOption) error {
	o := t.messageOptions(opts)
	wire, err := proto.Marshal(message)
	if err != nil {
		return newError(ErrProtobuf, false, -1, err.Error())
	}
	m := message.ProtoReflect()
	name := string(m.Descriptor().FullName())
	answer, err := o.codec.whole(func(n native, call *nativeCall) ([]byte, *fault) {
		return n.message(op, call, o.codec.serialization, name, o.headers, wire)
	})
	if err != nil {
		return err
	}
	// Read into another message first: nothing is half written.
	fresh := m.New()
	if err := proto.Unmarshal(answer, fresh.Interface()); err != nil {
		return newError(ErrProtobuf, false, -1, err.Error())
	}
	proto.Reset(message)
	fresh.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		m.Set(field, value)
		return true
	})
	m.SetUnknown(fresh.GetUnknown())
	return nil
}

// whole makes a call on one message.
func (c *payloadCodec) whole(try func(native, *nativeCall) ([]byte, *fault)) ([]byte, error) {
	answer, err := c.repeat(nil, try)
	if err != nil {
		return nil, c.raise(err)
	}
	return answer, nil
}

// repeat makes a call again and again while the library asks for something.
// values know the types that it may ask for.
func (c *payloadCodec) repeat(values []any, try func(native, *nativeCall) ([]byte, *fault)) ([]byte, error) {
	core := c.tdc.core
	if !core.acquire() {
		return nil, ErrClosed
	}
	defer core.release()
	var call nativeCall
	defer call.end()
	for {
		answer, fault := try(core.native, &call)
		if fault == nil {
			return answer, nil
		}
		if err := c.settle(fault, &call, values); err != nil {
			return nil, err
		}
	}
}
