package tdc

import (
	"fmt"
	"slices"
	"unicode/utf8"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// The protobuf of a Payload, written and read by hand for the shape that nearly every payload has:
// metadata and data, nothing else. Going through reflection for the metadata map costs half a
// microsecond each way, more than encrypting a small payload. Payloads of any other shape are left
// to package proto.
//
//	Payload { map<string, bytes> metadata = 1; bytes data = 2; … }
//	Payloads { repeated Payload payloads = 1; }
const (
	tagPayload  = 1<<3 | 2
	tagMetadata = 1<<3 | 2
	tagData     = 2<<3 | 2
	tagKey      = 1<<3 | 2 // in an entry of metadata
	tagValue    = 2<<3 | 2
)

// The metadata keys that nearly every payload has, encoded or not, in order.
// Asking a map for them is cheaper than going over it and sorting, and they need
// no check and no memory.
const (
	keyEncoding    = "encoding"
	keyBoundTo     = "encryption-context"
	keyDataKey     = "encryption-dek"
	keyKeyID       = "encryption-key-id"
	keyMessageType = "messageType"
)

// usualKeys are those of payloads with up to two entries, of envelopes, which have three,
// and of envelopes that are bound.
var usualKeys = [3][]string{
	{keyEncoding, keyKeyID, keyMessageType},
	{keyEncoding, keyDataKey, keyKeyID},
	{keyEncoding, keyBoundTo, keyDataKey, keyKeyID},
}

// splitPayload is p in the two slices that the library takes; head is built in b if it fits. index
// is for the error.
func splitPayload(b []byte, p *commonpb.Payload, index int) (head, data []byte, err error) {
	if head, ok := appendHead(b, p); ok {
		return head, p.Data, nil
	}
	if head, err = (proto.MarshalOptions{Deterministic: true}).Marshal(p); err != nil {
		return nil, nil, newError(ErrProtobuf, index, err.Error())
	}
	return head, nil, nil // head is the complete payload
}

// marshalPayloads is the payloads at these indexes as one Payloads message.
func marshalPayloads(payloads []*commonpb.Payload, indexes []int) ([]byte, error) {
	size := 0
	for _, at := range indexes {
		size += len(payloads[at].GetData()) + 100
	}
	message := make([]byte, 0, size)
	for i, at := range indexes {
		var stack [256]byte
		head, data, err := splitPayload(stack[:0], payloads[at], i)
		if err != nil {
			return nil, err
		}
		message = protowire.AppendVarint(append(message, tagPayload), uint64(len(head)+len(data)))
		message = append(append(message, head...), data...)
	}
	return message, nil
}

// unmarshalPayloads puts the payloads of the message at these indexes; all of them
// or none. They are made of slices of it.
func unmarshalPayloads(message []byte, payloads []*commonpb.Payload, indexes []int) error {
	made := make([]commonpb.Payload, len(indexes))
	for i := range made {
		if len(message) == 0 || message[0] != tagPayload {
			return newError(ErrProtobuf, -1, fmt.Sprintf("expected %d payloads in the answer, found %d", len(indexes), i))
		}
		field, rest, ok := readBytes(message[1:])
		if !ok {
			return newError(ErrProtobuf, -1, "the answer is not a list of payloads")
		}
		message = rest
		if err := unmarshalPayload(field, &made[i], i); err != nil {
			return err
		}
	}
	for i, at := range indexes {
		payloads[at] = &made[i]
	}
	return nil
}

// unmarshalPayload reads b into the empty p, which is made of slices of b.
func unmarshalPayload(b []byte, p *commonpb.Payload, index int) error {
	if readPayload(b, p) {
		return nil
	}
	proto.Reset(p)
	if err := proto.Unmarshal(b, p); err != nil {
		return newError(ErrProtobuf, index, err.Error())
	}
	return nil
}

// appendHead appends to b everything of p but the contents of data: the entries of metadata in the
// order of their keys, then, if there is data, its tag and length. It reports false if p has more
// than metadata and data, or anything that package proto would refuse.
func appendHead(b []byte, p *commonpb.Payload) ([]byte, bool) {
	if len(p.ExternalPayloads) != 0 || len(p.ProtoReflect().GetUnknown()) != 0 {
		return b, false
	}
	start, found := len(b), 0
	for _, key := range usualKeys[min(max(len(p.Metadata), 2), 4)-2] {
		if found == len(p.Metadata) {
			break
		}
		if value, ok := p.Metadata[key]; ok {
			b = appendEntry(b, key, value)
			found++
		}
	}
	if found < len(p.Metadata) {
		var ok bool
		if b, ok = appendMetadata(b[:start], p.Metadata); !ok {
			return b, false
		}
	}
	if len(p.Data) != 0 {
		b = protowire.AppendVarint(append(b, tagData), uint64(len(p.Data)))
	}
	return b, true
}

// appendMetadata appends entries with any keys.
func appendMetadata(b []byte, metadata map[string][]byte) ([]byte, bool) {
	var few [8]string
	keys := few[:0]
	for key := range metadata {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !utf8.ValidString(key) {
			return b, false
		}
		b = appendEntry(b, key, metadata[key])
	}
	return b, true
}

func appendEntry(b []byte, key string, value []byte) []byte {
	if size := 4 + len(key) + len(value); size < 1<<7 { // every length is one byte, as nearly always
		b = append(b, tagMetadata, byte(size), tagKey, byte(len(key)))
		b = append(b, key...)
		b = append(b, tagValue, byte(len(value)))
		return append(b, value...)
	}
	size := 2 + protowire.SizeBytes(len(key)) + protowire.SizeBytes(len(value))
	b = protowire.AppendVarint(append(b, tagMetadata), uint64(size))
	b = protowire.AppendString(append(b, tagKey), key)
	return protowire.AppendBytes(append(b, tagValue), value)
}

// readPayload reads b into the empty p, whose metadata values and data become
// slices of b. It reports false, with p in part filled, if b is not made of
// plain metadata entries and data: then package proto decides.
func readPayload(b []byte, p *commonpb.Payload) bool {
	for len(b) > 0 {
		tag := b[0]
		field, rest, ok := readBytes(b[1:])
		if !ok {
			return false
		}
		b = rest
		switch tag {
		case tagMetadata:
			key, value, ok := readEntry(field)
			if !ok {
				return false
			}
			if p.Metadata == nil {
				p.Metadata = make(map[string][]byte)
			}
			p.Metadata[key] = value
		case tagData:
			p.Data = field
		default:
			return false
		}
	}
	if len(p.Data) == 0 {
		p.Data = nil // what package proto makes of an explicit empty field
	}
	return true
}

// readEntry reads a metadata entry that is a key and then a value, the form that every known writer
// uses.
func readEntry(b []byte) (key string, value []byte, ok bool) {
	if len(b) == 0 || b[0] != tagKey {
		return "", nil, false
	}
	k, b, ok := readBytes(b[1:])
	if !ok || len(b) == 0 || b[0] != tagValue {
		return "", nil, false
	}
	value, b, ok = readBytes(b[1:])
	if !ok || len(b) != 0 {
		return "", nil, false
	}
	switch string(k) { // no allocation and no check for the usual ones
	case keyEncoding:
		return keyEncoding, value, true
	case keyKeyID:
		return keyKeyID, value, true
	case keyDataKey:
		return keyDataKey, value, true
	case keyBoundTo:
		return keyBoundTo, value, true
	case keyMessageType:
		return keyMessageType, value, true
	}
	return string(k), value, utf8.Valid(k)
}

// readBytes reads a length and as many bytes. The capacity of field is its length,
// so that appending to it never writes into b.
func readBytes(b []byte) (field, rest []byte, ok bool) {
	if len(b) > 0 && int(b[0]) < min(len(b), 1<<7) { // the length is one byte, as nearly always
		end := 1 + int(b[0])
		return b[1:end:end], b[end:], true
	}
	field, n := protowire.ConsumeBytes(b)
	if n < 0 {
		return nil, nil, false
	}
	return slices.Clip(field), b[n:], true
}
