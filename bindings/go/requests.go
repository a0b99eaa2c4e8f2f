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
	kindUnknown    protowire.Number = 9 // an answer only: there is none
)

// A hostRequest is one thing that the library asks for.
type hostRequest struct {
	id   uint64
	kind protowire.Number
	text string   // of a key its id, of a descriptor the message's full name
	http *request // for a codec server
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

// readRequests reads a serialised tdc.host.v1.Requests. Its answer has slices of
// message.
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
			if f.number == kindHTTP {
				r.http = readHTTP(f.bytes)
				continue
			}
			for f := range fields(f.bytes) {
				r.text = string(f.bytes)
			}
		}
		requests = append(requests, r)
	}
	return requests
}

// appendAnswer appends the answer to a request to a tdc.host.v1.Answers.
func appendAnswer(answers []byte, id uint64, kind protowire.Number, value []byte) []byte {
	size := protowire.SizeTag(1) + protowire.SizeVarint(id) + protowire.SizeTag(kind) + protowire.SizeBytes(len(value))
	answers = protowire.AppendTag(answers, 1, protowire.BytesType)
	answers = protowire.AppendVarint(answers, uint64(size))
	answers = protowire.AppendTag(answers, 1, protowire.VarintType)
	answers = protowire.AppendVarint(answers, id)
	answers = protowire.AppendTag(answers, kind, protowire.BytesType)
	return protowire.AppendBytes(answers, value)
}
