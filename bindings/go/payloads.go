package tdc

import (
	"encoding/binary"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// Lists of payloads on the wire, by hand as single ones are.
//
//	Payloads { repeated Payload payloads = 1; }
const tagPayload = 1<<3 | 2

// marshalPayloads is the payloads at these places as one Payloads message.
func marshalPayloads(payloads []*commonpb.Payload, places []int) ([]byte, error) {
	size := 0
	for _, at := range places {
		size += len(payloads[at].Data) + 100
	}
	message := make([]byte, 0, size)
	for i, at := range places {
		var stack [256]byte
		p := payloads[at]
		head, ok := appendHead(stack[:0], p)
		data := p.Data
		if !ok {
			var err error
			if head, err = proto.Marshal(p); err != nil {
				return nil, newError(ErrProtobuf, false, i, err.Error())
			}
			data = nil // head is the whole payload
		}
		message = append(message, tagPayload)
		message = binary.AppendUvarint(message, uint64(len(head)+len(data)))
		message = append(append(message, head...), data...)
	}
	return message, nil
}

// unmarshalPayloads puts the payloads of the message at these places; all of
// them or none. They are made of slices of it.
func unmarshalPayloads(message []byte, payloads []*commonpb.Payload, places []int) error {
	made := make([]commonpb.Payload, len(places))
	pos := 0
	for i := range made {
		if pos >= len(message) || message[pos] != tagPayload {
			return newError(ErrProtobuf, false, -1, "the answer holds another count of payloads")
		}
		field, next, ok := readBytes(message, pos+1)
		if !ok {
			return newError(ErrProtobuf, false, -1, "the answer is no list of payloads")
		}
		pos = next
		if !readPayload(field, &made[i]) {
			proto.Reset(&made[i])
			if err := proto.Unmarshal(field, &made[i]); err != nil {
				return newError(ErrProtobuf, false, places[i], err.Error())
			}
		}
	}
	for i, at := range places {
		payloads[at] = &made[i]
	}
	return nil
}
