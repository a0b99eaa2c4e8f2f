//go:build cgo

package tdc

/*
#include "calls.h"

#cgo noescape tdc_go_payload
#cgo nocallback tdc_go_payload
#cgo noescape tdc_go_payloads
#cgo nocallback tdc_go_payloads
#cgo noescape tdc_go_values
#cgo nocallback tdc_go_values
#cgo noescape tdc_go_failure
#cgo nocallback tdc_go_failure
#cgo noescape tdc_go_message
#cgo nocallback tdc_go_message
#cgo noescape tdc_go_history
#cgo nocallback tdc_go_history
*/
import "C"

// The calls that convert: bytes in, bytes out.

// A usage is what the calls on one list have used of the limits.
type usage C.tdc_usage

func (n native) encodeBound(size int) int {
	return int(C.tdc_codec_encode_bound(n.converter, C.size_t(size)))
}

// payload encodes or decodes one Payload, given as head and data, into out. The
// answer is a slice of out, or memory of its own if it did not fit there.
// A nil answer without a fault says that the codecs leave the payload as it is.
func (n native) payload(op operation, context []byte, used *usage, head, data, out []byte) ([]byte, *fault) {
	answer := C.tdc_go_payload(C.int(op), n.converter, pointer(context), length(context), (*C.tdc_usage)(used),
		pointer(head), length(head), pointer(data), length(data), pointer(out), length(out))
	switch answer.status {
	case statusOK:
		if answer.owned.data != nil {
			return takeBuffer(answer.owned), nil
		}
		return out[:answer.len:answer.len], nil
	case statusUnchanged:
		return nil, nil
	}
	return nil, takeFault(answer.status, answer.error)
}

// payloads encodes or decodes a serialised Payloads message.
func (n native) payloads(op operation, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_payloads(C.int(op), n.converter, pointer(context), length(context), pointer(message), length(message)))
}

// values makes payloads of values, or (decode) gives values back: a serialised
// Payloads message in, another out.
func (n native) values(op operation, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_values(C.int(op), n.converter, pointer(context), length(context), pointer(message), length(message)))
}

// failure encodes or decodes a serialised Failure message.
func (n native) failure(op operation, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_failure(C.int(op), n.converter, pointer(context), length(context), pointer(message), length(message)))
}

// message encodes or decodes a serialised message of Temporal's API.
func (n native) message(op operation, context []byte, name string, headers bool, message []byte) ([]byte, *fault) {
	var flags C.uint32_t
	if headers {
		flags = C.TDC_MESSAGE_HEADERS
	}
	full := []byte(name)
	return taken(C.tdc_go_message(C.int(op), n.converter, pointer(context), length(context), pointer(full), length(full), flags,
		pointer(message), length(message)))
}

// history decodes an exported history.
func (n native) history(context, history []byte) ([]byte, *fault) {
	return taken(C.tdc_go_history(n.converter, pointer(context), length(context), pointer(history), length(history)))
}

// taken is an answer that the library always gives in memory of its own.
func taken(answer C.tdc_go_answer) ([]byte, *fault) {
	if answer.status != statusOK {
		return nil, takeFault(answer.status, answer.error)
	}
	return takeBuffer(answer.owned), nil
}
