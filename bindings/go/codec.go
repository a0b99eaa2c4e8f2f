package tdc

import (
	"errors"
	"slices"
	"strings"
	"unsafe"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// payloadCodec is the configuration's codecs as one codec of the SDK.
type payloadCodec struct{ scope }

var _ converter.PayloadCodecWithSerializationContext = (*payloadCodec)(nil)

// Encode implements [converter.PayloadCodec].
func (c *payloadCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.apply(encode, payloads)
}

// Decode implements [converter.PayloadCodec].
func (c *payloadCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return c.apply(decode, payloads)
}

// WithSerializationContext implements
// [converter.PayloadCodecWithSerializationContext].
func (c *payloadCodec) WithSerializationContext(sc converter.SerializationContext) converter.PayloadCodec {
	return &payloadCodec{c.withSerializationContext(sc)}
}

// A converted payload has room for the list of one that most calls return: one allocation instead
// of two.
type converted struct {
	payload commonpb.Payload
	list    [1]*commonpb.Payload
}

// A small converted payload has room for its bytes, too: for 64 bytes that are encrypted, and 352
// bytes altogether, a size of Go's allocator.
type smallConverted struct {
	converted
	bytes [248]byte
}

// The same for 64 bytes under a data key, whose wrapped form makes them longer, and 512 bytes
// altogether.
type mediumConverted struct {
	converted
	bytes [408]byte
}

// convertedOf is an empty payload, and where the library puts up to size bytes of it.
func convertedOf(size int) (*converted, []byte) {
	switch {
	case size <= len(smallConverted{}.bytes):
		small := new(smallConverted)
		return &small.converted, small.bytes[:size]
	case size <= len(mediumConverted{}.bytes):
		medium := new(mediumConverted)
		return &medium.converted, medium.bytes[:size]
	}
	return new(converted), allocate(size)
}

// apply returns no payloads at all if one of them fails.
func (c *payloadCodec) apply(op operation, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	h := c.tdc.handle
	if h.remote.Load() && len(payloads) > 1 {
		return c.batch(op, payloads)
	}
	if !h.acquire() {
		return nil, ErrClosed
	}
	defer h.release()
	var call nativeCall
	defer call.end()
	result := []*commonpb.Payload{}
	for i, before := range payloads {
		p, err := c.one(op, &call, before, len(payloads) > 1 && h.keyServices.Load())
		if err == errTogether {
			return c.batch(op, payloads)
		}
		if err != nil {
			return nil, c.fail(i, err)
		}
		if p != nil && len(payloads) == 1 {
			c.finish(&call)
			p.list[0] = &p.payload
			return p.list[:], nil
		}
		if i == 0 {
			result = slices.Clone(payloads)
		}
		if p != nil {
			result[i] = &p.payload
		}
	}
	c.finish(&call)
	return result, nil
}

// errTogether says that payloads of a list need something from the host: in one call the library
// asks for everything that several of them need at once.
var errTogether = errors.New("tdc: all payloads in one call")

// batch makes one call for all payloads, so that they need only one request to a codec server, and
// requests to key services are sent together.
func (c *payloadCodec) batch(op operation, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	indexes := make([]int, 0, len(payloads))
	for i, p := range payloads {
		if p != nil { // the SDK never does this
			indexes = append(indexes, i)
		}
	}
	message, err := marshalPayloads(payloads, indexes)
	if err != nil {
		return nil, err
	}
	answer, err := c.convert(op, message)
	if err != nil {
		return nil, err
	}
	result := make([]*commonpb.Payload, len(payloads))
	if err := unmarshalPayloads(answer, result, indexes); err != nil {
		return nil, err
	}
	return result, nil
}

// one returns nil if the codecs leave the payload as it is. The limits apply to all payloads of the
// same call. If the payloads of a list should be sent in one call instead, the error is
// errTogether.
func (c *payloadCodec) one(op operation, call *nativeCall, p *commonpb.Payload, listed bool) (*converted, error) {
	if p == nil {
		return nil, nil // the SDK never does this
	}
	var stack [256]byte
	head, data, err := splitPayload(stack[:0], p, 0)
	if err != nil {
		return nil, err
	}
	h := c.tdc.handle
	length := len(head) + len(data)
	var causes causes
	size := length // enough for decode: decompressed data has a buffer of its own
	if op == decode && len(data) > 0 {
		size = len(data) // a decrypted payload is shorter than what data was
	}
	for {
		if op == encode {
			size = max(size, length+int(h.overhead.Load()))
		}
		result, room := convertedOf(size)
		message, problem := h.native.payload(op, call, c.serialization, head, data, room)
		switch {
		case problem == nil && message == nil:
			return nil, nil
		case problem == nil:
			return result, unmarshalPayload(message, &result.payload, 0)
		case problem.Code == ErrBufferTooSmall && problem.needed > size:
			h.needs(problem.needed - length) // a new data key is longer than those before
			size = problem.needed
		case problem.Code == statusRequests && listed:
			return nil, errTogether
		default:
			if err := c.answer(problem, call, &causes, nil); err != nil {
				return nil, err
			}
		}
	}
}

// fail is raise, for an err about payloads[i].
func (c *payloadCodec) fail(i int, err error) error {
	var e *Error
	if errors.As(err, &e) && e.PayloadIndex >= 0 {
		e.PayloadIndex = i
	}
	return c.raise(err)
}

// allocate is make([]byte, size), but large ones are not zeroed first: the library overwrites the
// part that is used, and zeroing a mebibyte costs a quarter of the time to encrypt it. In the
// standard library, only [strings.Builder] provides such memory.
//
// Its string is the first byte alone, which stays as it is: [unsafe.StringData]
// forbids to modify a string. The rest of the Builder's memory belongs to no string
// and to the same allocation, through which rule 3 of [unsafe.Pointer] allows to
// advance a pointer.
func allocate(size int) []byte {
	if size < 4<<10 {
		return make([]byte, size)
	}
	var b strings.Builder
	b.Grow(1 + size)
	b.WriteByte(0)
	first := unsafe.Pointer(unsafe.StringData(b.String()))
	return unsafe.Slice((*byte)(unsafe.Add(first, 1)), size)
}
