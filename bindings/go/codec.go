package tdc

import (
	"bytes"
	"context"
	"strings"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// PayloadCodec is the configuration's codecs as one codec of the SDK. Use it to
// put codecs of your own around it:
//
//	converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), outer, t.PayloadCodec(), inner)
//
// Go applies codecs last to first: on the way out inner comes first, then tdc,
// then outer; on the way in the other way round. With a key provider or a codec
// server, which may take long, wrap the whole by
// workflow.DataConverterWithoutDeadlockDetection.
//
// It also implements [converter.PayloadCodecWithSerializationContext].
func (t *Tdc) PayloadCodec() converter.PayloadCodec { return &payloadCodec{tdc: t} }

type operation int

const (
	encode operation = 0
	decode operation = 1
)

type payloadCodec struct {
	tdc           *Tdc
	serialization []byte          // the serialization context, as protobuf
	ctx           context.Context // for the key provider and requests; may be nil
	inWorkflow    bool            // known to run in workflow code
}

var (
	_ converter.PayloadCodec                         = (*payloadCodec)(nil)
	_ converter.PayloadCodecWithSerializationContext = (*payloadCodec)(nil)
)

// Encode implements [converter.PayloadCodec].
func (c *payloadCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.each(encode, payloads)
}

// Decode implements [converter.PayloadCodec].
func (c *payloadCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.each(decode, payloads)
}

// WithSerializationContext implements
// [converter.PayloadCodecWithSerializationContext].
func (c *payloadCodec) WithSerializationContext(sc converter.SerializationContext) converter.PayloadCodec {
	return c.withSerializationContext(sc)
}

func (c *payloadCodec) withSerializationContext(sc converter.SerializationContext) *payloadCodec {
	with := *c
	with.serialization = marshalContext(sc)
	return &with
}

// inWorkflowCode is the codec for calls of workflow code.
func (c *payloadCodec) inWorkflowCode() *payloadCodec {
	with := *c
	with.inWorkflow = true
	return &with
}

// withContext is the codec for calls in ctx.
func (c *payloadCodec) withContext(ctx context.Context) *payloadCodec {
	with := *c
	with.ctx = ctx
	return &with
}

// An answer is a payload that the library made, with room for the list of one
// that most calls give back: one piece of memory instead of two.
type answer struct {
	payload commonpb.Payload
	list    [1]*commonpb.Payload
}

// each gives no payload at all if there is one that fails.
func (c *payloadCodec) each(op operation, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if c.tdc.core.remote.Load() && len(payloads) > 1 {
		return c.together(op, payloads)
	}
	if !c.tdc.core.acquire() {
		return nil, ErrClosed
	}
	defer c.tdc.core.release()
	var call nativeCall
	defer call.end()
	if len(payloads) == 1 {
		a, err := c.one(op, &call, payloads[0])
		if err != nil {
			return nil, c.fail(0, err)
		}
		if a == nil {
			return []*commonpb.Payload{payloads[0]}, nil
		}
		a.list[0] = &a.payload
		return a.list[:], nil
	}
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		a, err := c.one(op, &call, p)
		if err != nil {
			return nil, c.fail(i, err)
		}
		if result[i] = p; a != nil {
			result[i] = &a.payload
		}
	}
	return result, nil
}

// together makes one call for all payloads, so that they cost one request to a
// codec server.
func (c *payloadCodec) together(op operation, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	places := make([]int, len(payloads))
	for i := range places {
		places[i] = i
	}
	message, err := marshalPayloads(payloads, places)
	if err != nil {
		return nil, err
	}
	answer, err := c.whole(func(n native, call *nativeCall) ([]byte, *fault) {
		return n.payloads(op, call, c.serialization, message)
	})
	if err != nil {
		return nil, err
	}
	result := make([]*commonpb.Payload, len(payloads))
	if err := unmarshalPayloads(answer, result, places); err != nil {
		return nil, err
	}
	return result, nil
}

// one gives nil if the codecs leave the payload as it is. The limits hold for
// all payloads of the same call.
func (c *payloadCodec) one(op operation, call *nativeCall, p *commonpb.Payload) (*answer, error) {
	if p == nil {
		return nil, nil // the SDK never does this
	}
	var stack [256]byte
	head, ok := appendHead(stack[:0], p)
	data := p.Data
	if !ok {
		var err error
		if head, err = (proto.MarshalOptions{Deterministic: true}).Marshal(p); err != nil {
			return nil, newError(ErrProtobuf, false, 0, err.Error())
		}
		data = nil // head is the whole payload
	}

	core := c.tdc.core
	size := len(head) + len(data)
	room := size // decoding makes it shorter; if it was compressed, the answer brings its own memory
	if op == encode {
		room = core.room(size)
	}
	out := allocate(room)
	for {
		message, fault := core.native.payload(op, call, c.serialization, head, data, out)
		switch {
		case fault == nil && message == nil:
			return nil, nil
		case fault == nil:
			if op == encode && !core.remote.Load() { // a codec server's answer has any length
				core.learn(size, len(message))
			}
			return newAnswer(message, len(out))
		case fault.sizeNeeded > len(out):
			out = allocate(fault.sizeNeeded)
		default:
			if err := c.settle(fault, call, nil); err != nil {
				return nil, err
			}
		}
	}
}

// newAnswer is the payload that message holds, made of slices of it. reserved is
// how much memory stands behind message.
func newAnswer(message []byte, reserved int) (*answer, error) {
	if reserved-len(message) > 4<<10 {
		// It was compressed: do not keep what is not needed.
		message = bytes.Clone(message)
	}
	a := new(answer)
	if readPayload(message, &a.payload) {
		return a, nil
	}
	a = new(answer)
	if err := proto.Unmarshal(message, &a.payload); err != nil {
		return nil, newError(ErrProtobuf, false, 0, err.Error())
	}
	return a, nil
}

// allocate is make([]byte, size), but large ones are not zeroed first: the
// library overwrites what is used of them, and of a mebibyte that costs as much
// as a quarter of encrypting it. A strings.Builder is the one way that the
// standard library offers to get such memory.
func allocate(size int) []byte {
	if size < 4<<10 {
		return make([]byte, size)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), size)
}
