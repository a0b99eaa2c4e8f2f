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
	scope
	headers bool
}

// WithHeaders also encodes the payloads of headers, which the SDKs leave as they are. Encoded
// headers are always decoded.
func WithHeaders() MessageOption {
	return func(o *messageOptions) { o.headers = true }
}

// WithSerializationContext sets the context of the payloads, for configurations with rules for
// namespaces.
func WithSerializationContext(sc converter.SerializationContext) MessageOption {
	return func(o *messageOptions) { o.serialization = marshalContext(sc) }
}

// WithContext is passed to the key provider with each id and to storage drivers, and ends requests
// to a codec server.
func WithContext(ctx context.Context) MessageOption {
	return func(o *messageOptions) { o.ctx = ctx }
}

// rewrite encodes or decodes a message in place.
func (o *messageOptions) rewrite(op operation, message proto.Message) error {
	e := takeExcerpt()
	defer e.giveBack()
	err := e.of(message)
	if err == errNoExcerpt {
		return o.rewriteWhole(op, message)
	}
	if err != nil {
		return err
	}
	name := string(message.ProtoReflect().Descriptor().FullName())
	answer, err := o.call(func(n native, call *nativeCall) ([]byte, *Error) {
		return n.message(op, call, o.serialization, name, o.headers, e.wire)
	})
	if err != nil {
		return err
	}
	return e.putBack(answer)
}

// rewriteWhole passes the whole message to the library.
func (o *messageOptions) rewriteWhole(op operation, message proto.Message) error {
	m := message.ProtoReflect()
	name := string(m.Descriptor().FullName())
	// Read into another message first: nothing is half written.
	fresh := m.New()
	err := rewrite(message, fresh.Interface(), func(wire []byte) ([]byte, error) {
		return o.call(func(n native, call *nativeCall) ([]byte, *Error) {
			return n.message(op, call, o.serialization, name, o.headers, wire)
		})
	})
	if err != nil {
		return err
	}
	proto.Reset(message)
	fresh.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		m.Set(field, value)
		return true
	})
	m.SetUnknown(fresh.GetUnknown())
	return nil
}

// rewrite converts from, and puts the result into the empty message to.
func rewrite(from, to proto.Message, convert func([]byte) ([]byte, error)) error {
	// If two payloads of a map fail, the error always names the same one.
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(from)
	if err != nil {
		return newError(ErrProtobuf, -1, err.Error())
	}
	answer, err := convert(wire)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(answer, to); err != nil {
		return newError(ErrProtobuf, -1, err.Error())
	}
	return nil
}
