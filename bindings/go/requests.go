package tdc

import (
	"iter"

	"google.golang.org/protobuf/encoding/protowire"
)

// The requests of a call and the answers to them, as proto/tdc/host.proto says.
// They are read and written by hand: a generated file for a dozen fields would
// be longer, and would be one more name in the program's protobuf registry.

// The numbers of the kinds, which a request and its answer share.
const (
	kindKey        protowire.Number = 2
	kindReload     protowire.Number = 3 // the answer is that it was done
	kindDescriptor protowire.Number = 4
	kindHTTP       protowire.Number = 5
	kindWrap       protowire.Number = 6
	kindUnwrap     protowire.Number = 7
	kindNotDone    protowire.Number = 8 // an answer only: why a key service did not wrap or unwrap
	kindUnknown    protowire.Number = 9 // an answer only: there is none

	kindObject    protowire.Number = 8  // a request only
	kindNoObject  protowire.Number = 11 // an answer to it: why there is none
	kindRetrieved protowire.Number = 12 // an answer to it: the payload that a storage driver returned
)

// A hostRequest is one thing that the library asks for.
type hostRequest struct {
	id     uint64
	kind   protowire.Number
	text   string   // of a key its id, of a descriptor the message's full name
	http   *request // for a codec server
	object *storedObject
	keys   []byte // for a key service: a message with a secret, which lives as long as all requests
}

// A reply is an answer to a request.
type reply struct {
	id    uint64
	kind  protowire.Number
	value []byte
}

// A field of a message: a number or bytes.
type field struct {
	number protowire.Number
	value  uint64
	bytes  []byte
}

// fields are the fields of a message that the library wrote.
func fields(message []byte) iter.Seq[field] {
	return func(yield func(field) bool) {
		for len(message) > 0 {
			number, kind, n := protowire.ConsumeTag(message)
			if n < 0 {
				return
			}
			message = message[n:]
			f := field{number: number}
			switch kind {
			case protowire.VarintType:
				f.value, n = protowire.ConsumeVarint(message)
			case protowire.BytesType:
				f.bytes, n = protowire.ConsumeBytes(message)
			default:
				n = protowire.ConsumeFieldValue(number, kind, message)
			}
			if n < 0 || !yield(f) {
				return
			}
			message = message[n:]
		}
	}
}

// readPair reads the name of a header or of an entry in a map, field 1, and its value, field 2.
func readPair(message []byte) (name, value string) {
	for f := range fields(message) {
		switch f.number {
		case 1:
			name = string(f.bytes)
		case 2:
			value = string(f.bytes)
		}
	}
	return name, value
}

// readRequests reads a serialised tdc.host.v1.Requests. The result outlives the message, except for
// requests to key services.
func readRequests(message []byte) []hostRequest {
	var requests []hostRequest
	for each := range fields(message) {
		var r hostRequest
		for f := range fields(each.bytes) {
			if f.number == 1 {
				r.id = f.value
				continue
			}
			r.kind = f.number
			switch f.number {
			case kindHTTP:
				r.http = readHTTP(f.bytes)
			case kindWrap, kindUnwrap:
				r.keys = f.bytes
			case kindObject:
				r.object = readObject(f.bytes)
			default:
				for f := range fields(f.bytes) {
					r.text = string(f.bytes)
				}
			}
		}
		requests = append(requests, r)
	}
	return requests
}

// marshalReplies is a tdc.host.v1.Answers. It contains keys, so it is built in memory that does not
// grow: after clear, no copy of them is left.
func marshalReplies(replies []reply) []byte {
	size := 0
	for _, r := range replies {
		size += protowire.SizeBytes(r.size()) + protowire.SizeTag(1)
	}
	answers := make([]byte, 0, size)
	for _, r := range replies {
		answers = protowire.AppendTag(answers, 1, protowire.BytesType)
		answers = protowire.AppendVarint(answers, uint64(r.size()))
		answers = protowire.AppendTag(answers, 1, protowire.VarintType)
		answers = protowire.AppendVarint(answers, r.id)
		answers = protowire.AppendTag(answers, r.kind, protowire.BytesType)
		answers = protowire.AppendBytes(answers, r.value)
	}
	return answers
}

// eraseDataKeys overwrites the data keys that key services returned. Keys of a [KeyProvider] belong
// to the provider.
func eraseDataKeys(replies []reply) {
	for _, r := range replies {
		if r.kind == kindUnwrap {
			clear(r.value)
		}
	}
}

// size is how long its tdc.host.v1.Answer is.
func (r reply) size() int {
	return protowire.SizeTag(1) + protowire.SizeVarint(r.id) + protowire.SizeTag(r.kind) + protowire.SizeBytes(len(r.value))
}
