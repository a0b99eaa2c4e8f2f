package tdc

import (
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

// fields calls yield for each field of a message that the library wrote.
func fields(message []byte, yield func(field)) {
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
		if n < 0 {
			return
		}
		message = message[n:]
		yield(f)
	}
}

// readRequests reads a serialised tdc.host.v1.Requests. Slices of message stay
// in what it gives.
func readRequests(message []byte) []hostRequest {
	var requests []hostRequest
	fields(message, func(f field) {
		var r hostRequest
		fields(f.bytes, func(f field) {
			switch f.number {
			case 1:
				r.id = f.value
			default:
				r.kind = f.number
				if f.number == kindHTTP {
					r.http = readHTTP(f.bytes)
				} else {
					fields(f.bytes, func(f field) { r.text = string(f.bytes) })
				}
			}
		})
		requests = append(requests, r)
	})
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

// settle answers all that the last try of a call asks for, so that it can be
// made again; or gives the fault as an error. The library sees to it that this
// ends: it asks for nothing twice. values know the types that it may ask for.
func (c *payloadCodec) settle(f *fault, call *nativeCall, values []any) error {
	if f.status != statusRequests {
		return c.unsettled(f)
	}
	core := c.tdc.core
	var answers []byte
	var cause error // of no answer by a codec server
	for _, r := range readRequests(call.requests()) {
		kind, value := kindUnknown, []byte(nil)
		var err error
		switch r.kind {
		case kindKey:
			kind, value, err = c.fetchKey(r.text)
		case kindReload:
			// If it fails, the old keys stay, and the library says what is missing.
			_ = core.reload()
			kind = kindReload
		case kindDescriptor:
			kind, value, err = describe(r.text, values)
		case kindHTTP:
			kind = kindHTTP
			value, cause, err = c.ask(r.http)
		}
		if err != nil {
			clear(answers)
			return err
		}
		answers = appendAnswer(answers, r.id, kind, value)
	}
	problem := core.native.answer(call, answers)
	clear(answers) // keys are in it
	if problem != nil {
		problem.cause = cause
		return problem.asError()
	}
	return nil
}
