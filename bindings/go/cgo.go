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
#cgo noescape tdc_go_open
#cgo nocallback tdc_go_open
#cgo noescape tdc_go_parse
#cgo nocallback tdc_go_parse
#cgo noescape tdc_go_requests
#cgo nocallback tdc_go_requests
#cgo noescape tdc_call_answer
#cgo nocallback tdc_call_answer
#cgo noescape tdc_call_end
#cgo nocallback tdc_call_end
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// This file is all that knows C, with calls.h and cgo_off.go, which stands in
// for it where there is no cgo.
//
// Go's rule for pointers is kept like this: C gets the addresses of plain byte
// slices, for the length of one call, and keeps none; answers come back by
// value. The slices are borrowed and, but for out, only read.

// The statuses that are not errors.
const (
	statusOK        = C.TDC_OK
	statusUnchanged = C.TDC_UNCHANGED
	statusRequests  = C.TDC_REQUESTS
)

// A fault is a status and what the library says about it.
type fault struct {
	status     uint32
	index      int // of the payload; -1 if it is not about one
	message    string
	transient  bool
	sizeNeeded int
	cause      error // what the host knows of it
}

// asError is the fault as the caller sees it.
func (f *fault) asError() error {
	err := newError(Code(f.status), f.transient, f.index, f.message)
	err.cause = f.cause
	return err
}

// takeBuffer copies memory of the library into Go's, and frees it.
func takeBuffer(buffer C.tdc_buffer) []byte {
	size := int(buffer.len)
	bytes := allocate(size)
	copy(bytes, unsafe.Slice((*byte)(buffer.data), size))
	C.tdc_buffer_free(&buffer)
	return bytes
}

// takeFault reads the library's error, and frees it.
func takeFault(status C.tdc_status, problem *C.tdc_error) *fault {
	f := &fault{
		status:    uint32(status),
		index:     -1,
		transient: isTransient(uint32(status)),
	}
	if problem == nil {
		return f
	}
	defer C.tdc_error_free(problem)
	var text *C.uint8_t
	var size C.size_t
	C.tdc_error_message(problem, &text, &size)
	f.message = goString(text, size)
	f.index = int(C.tdc_error_payload_index(problem))
	f.sizeNeeded = int(C.tdc_error_size_needed(problem))
	return f
}

// isTransient is the library's own word on a status.
func isTransient(status uint32) bool {
	return C.tdc_status_is_transient(C.tdc_status(status)) != 0
}

// goString copies text of the library.
func goString(text *C.uint8_t, size C.size_t) string {
	return C.GoStringN((*C.char)(unsafe.Pointer(text)), C.int(size))
}

// pointer is the address of b's first byte; NULL for a nil slice.
func pointer(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

func length(b []byte) C.size_t { return C.size_t(len(b)) }

// The calls on the handle itself: opening, reloading, and what the library asks
// of its host.

// A native is the library's data converter.
type native struct{ converter *C.tdc_data_converter }

func openNative(path, namespace string) (native, error) {
	if err := checkVersion(); err != nil {
		return native{}, err
	}
	p, ns := []byte(path), []byte(namespace)
	return opened(C.tdc_go_open(pointer(p), length(p), pointer(ns), length(ns)))
}

func parseNative(document []byte, dir, namespace string) (native, error) {
	if err := checkVersion(); err != nil {
		return native{}, err
	}
	d, ns := []byte(dir), []byte(namespace)
	return opened(C.tdc_go_parse(pointer(document), length(document), pointer(d), length(d), pointer(ns), length(ns)))
}

func opened(answer C.tdc_go_opened) (native, error) {
	if answer.status != statusOK {
		return native{}, takeFault(answer.status, answer.error).asError()
	}
	return native{answer.converter}, nil
}

// checkVersion refuses a library whose calls mean something else.
func checkVersion() error {
	if got := uint32(C.tdc_abi_version()); got != C.TDC_ABI_VERSION {
		return fmt.Errorf("tdc: the linked library %s speaks version %d of the C ABI, this package version %d: "+
			"use the library and the package of one release", C.GoString(C.tdc_version()), got, uint32(C.TDC_ABI_VERSION))
	}
	return nil
}

func (n native) free() { C.tdc_data_converter_free(n.converter) }

func (n native) reload() error {
	var problem *C.tdc_error
	if status := C.tdc_data_converter_reload(n.converter, &problem); status != statusOK {
		return takeFault(status, problem).asError()
	}
	return nil
}

// hasConverters tells whether the configuration's converters are others than
// the default ones.
func (n native) hasConverters() bool {
	return C.tdc_data_converter_flags(n.converter)&C.TDC_FLAG_CONVERTERS != 0
}

// usesRemote tells whether payloads of some namespace go to a codec server.
func (n native) usesRemote() bool {
	return C.tdc_data_converter_flags(n.converter)&C.TDC_FLAG_REMOTE != 0
}

// usesHostKeys tells whether keys that are not in the ring are asked of the host.
func (n native) usesHostKeys() bool {
	return C.tdc_data_converter_flags(n.converter)&C.TDC_FLAG_HOST_KEYS != 0
}

// A nativeCall is a call that may have to be made again: what it has used of the
// limits, what the library asks for and what was answered. The zero value is one
// that was not tried. C gets its address for the length of one call; no address
// of Go's is in it.
type nativeCall C.tdc_call

func (c *nativeCall) pointer() *C.tdc_call { return (*C.tdc_call)(c) }

// requests is a copy of what is asked for.
func (c *nativeCall) requests() []byte {
	message := C.tdc_go_requests(c.pointer())
	return C.GoBytes(unsafe.Pointer(message.data), C.int(message.len))
}

// end gives back the memory that the call has if the library asked for something.
func (c *nativeCall) end() {
	if c.memory != nil {
		C.tdc_call_end(c.pointer())
	}
}

// answer hands in a serialised tdc.host.v1.Answers.
func (n native) answer(call *nativeCall, answers []byte) *fault {
	var problem *C.tdc_error
	if status := C.tdc_call_answer(n.converter, call.pointer(), pointer(answers), length(answers), &problem); status != statusOK {
		return takeFault(status, problem)
	}
	return nil
}

// The calls that convert: bytes in, bytes out.

func (n native) encodeBound(size int) int {
	return int(C.tdc_codec_encode_bound(n.converter, C.size_t(size)))
}

// payload encodes or decodes one Payload, given as head and data, into out. The
// answer is a slice of out, or memory of its own if it did not fit there.
// A nil answer without a fault says that the codecs leave the payload as it is.
func (n native) payload(op operation, call *nativeCall, context []byte, head, data, out []byte) ([]byte, *fault) {
	answer := C.tdc_go_payload(C.int(op), n.converter, call.pointer(), pointer(context), length(context),
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
func (n native) payloads(op operation, call *nativeCall, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_payloads(C.int(op), n.converter, call.pointer(), pointer(context), length(context), pointer(message), length(message)))
}

// values makes payloads of values, or (decode) gives values back: a serialised
// Payloads message in, another out.
func (n native) values(op operation, call *nativeCall, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_values(C.int(op), n.converter, call.pointer(), pointer(context), length(context), pointer(message), length(message)))
}

// failure encodes or decodes a serialised Failure message.
func (n native) failure(op operation, call *nativeCall, context, message []byte) ([]byte, *fault) {
	return taken(C.tdc_go_failure(C.int(op), n.converter, call.pointer(), pointer(context), length(context), pointer(message), length(message)))
}

// message encodes or decodes a serialised message of Temporal's API.
func (n native) message(op operation, call *nativeCall, context []byte, name string, headers bool, message []byte) ([]byte, *fault) {
	var flags C.uint32_t
	if headers {
		flags = C.TDC_MESSAGE_HEADERS
	}
	full := []byte(name)
	return taken(C.tdc_go_message(C.int(op), n.converter, call.pointer(), pointer(context), length(context), pointer(full), length(full), flags,
		pointer(message), length(message)))
}

// history decodes an exported history.
func (n native) history(call *nativeCall, context, history []byte) ([]byte, *fault) {
	return taken(C.tdc_go_history(n.converter, call.pointer(), pointer(context), length(context), pointer(history), length(history)))
}

// taken is an answer that the library always gives in memory of its own.
func taken(answer C.tdc_go_answer) ([]byte, *fault) {
	if answer.status != statusOK {
		return nil, takeFault(answer.status, answer.error)
	}
	return takeBuffer(answer.owned), nil
}
