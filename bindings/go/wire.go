package tdc

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	commonpb "go.temporal.io/api/common/v1"
)

// The protobuf of a Payload, written and read by hand for the shape that nearly
// every payload has: metadata and data, nothing else. Going through reflection
// for the metadata map costs half a microsecond each way, more than encrypting
// a small payload. Whatever has another shape is left to package proto.
//
//	Payload { map<string, bytes> metadata = 1; bytes data = 2; … }
const (
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
	keyKeyID       = "encryption-key-id"
	keyMessageType = "messageType"
)

// appendHead appends to b everything of p but the contents of data: the entries
// of metadata in the order of their keys, then, if there is data, its tag and
// length. It reports false if p has more than metadata and data, or what
// package proto would refuse.
func appendHead(b []byte, p *commonpb.Payload) ([]byte, bool) {
	if len(p.ExternalPayloads) != 0 || len(p.ProtoReflect().GetUnknown()) != 0 {
		return b, false
	}
	start, found := len(b), 0
	for _, key := range [...]string{keyEncoding, keyKeyID, keyMessageType} {
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
		b = append(b, tagData)
		b = binary.AppendUvarint(b, uint64(len(p.Data)))
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
	size := 1 + uvarintLen(len(key)) + len(key) + 1 + uvarintLen(len(value)) + len(value)
	b = append(b, tagMetadata)
	b = binary.AppendUvarint(b, uint64(size))
	b = append(b, tagKey)
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	b = append(b, tagValue)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func uvarintLen(n int) int {
	size := 1
	for ; n >= 1<<7; n >>= 7 {
		size++
	}
	return size
}

// readPayload reads b into the empty p, whose metadata values and data become
// slices of b. It reports false, with p in part filled, if b is not made of
// plain metadata entries and data: then package proto decides.
func readPayload(b []byte, p *commonpb.Payload) bool {
	for pos := 0; pos < len(b); {
		tag := b[pos]
		field, next, ok := readBytes(b, pos+1)
		if !ok {
			return false
		}
		pos = next
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

// readEntry reads a metadata entry that is a key and then a value, which is
// how every writer known to us makes it.
func readEntry(b []byte) (key string, value []byte, ok bool) {
	if len(b) == 0 || b[0] != tagKey {
		return "", nil, false
	}
	k, next, ok := readBytes(b, 1)
	if !ok || next >= len(b) || b[next] != tagValue {
		return "", nil, false
	}
	value, next, ok = readBytes(b, next+1)
	if !ok || next != len(b) {
		return "", nil, false
	}
	switch string(k) { // no allocation and no check for the usual ones
	case keyEncoding:
		return keyEncoding, value, true
	case keyKeyID:
		return keyKeyID, value, true
	case keyMessageType:
		return keyMessageType, value, true
	}
	return string(k), value, utf8.Valid(k)
}

// readBytes reads a length and as many bytes of b from pos on. The answer's
// capacity is its length, so that appending to it never writes into b.
func readBytes(b []byte, pos int) (field []byte, next int, ok bool) {
	if pos < len(b) && b[pos] < 1<<7 {
		next = pos + 1 + int(b[pos])
		if next > len(b) {
			return nil, 0, false
		}
		return b[pos+1 : next : next], next, true
	}
	if pos > len(b) {
		return nil, 0, false
	}
	length, n := binary.Uvarint(b[pos:])
	if n <= 0 || length > uint64(len(b)-pos-n) {
		return nil, 0, false
	}
	next = pos + n + int(length)
	return b[pos+n : next : next], next, true
}
