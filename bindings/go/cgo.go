//go:build cgo

package tdc

/*
#include <tdc.h>

// The result of a call, by value, so that C never writes a pointer into Go's memory on the hot
// path, and nothing needs pinning.
typedef struct {
	tdc_status status;
	tdc_error *error;
	size_t len;
	tdc_buffer owned;
} tdc_go_answer;

// The call is passed as plain words: for a pointer to a struct with pointers, cgo searches the
// struct for Go pointers, which costs as much as this whole function.
static inline tdc_go_answer tdc_go_payload(int decode, const tdc_data_converter *self,
		uint64_t *call, const uint8_t *context, size_t context_len,
		const uint8_t *head, size_t head_len, const uint8_t *data, size_t data_len,
		uint8_t *out, size_t capacity) {
	tdc_go_answer answer = {0};
	tdc_payload written = {0};
	answer.status = (decode ? tdc_codec_decode_payload : tdc_codec_encode_payload)(self, (tdc_call *)call,
		context, context_len, head, head_len, data, data_len, out, capacity, &written, &answer.error);
	answer.len = written.len;
	answer.owned = written.owned;
	return answer;
}

// The functions of tdc.h that convert one message of a fixed type.
typedef tdc_status (*tdc_go_function)(const tdc_data_converter *, tdc_call *,
	const uint8_t *, size_t, const uint8_t *, size_t, tdc_buffer *, tdc_error **);

static inline tdc_go_answer tdc_go_convert(tdc_go_function convert, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len, const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = convert(self, call, context, context_len, message, message_len, &answer.owned, &answer.error);
	return answer;
}

static inline tdc_go_answer tdc_go_message(int decode, const tdc_data_converter *self,
		tdc_call *call, const uint8_t *context, size_t context_len,
		const uint8_t *name, size_t name_len, uint32_t flags, const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = (decode ? tdc_message_decode : tdc_message_encode)(self, call,
		context, context_len, name, name_len, flags, message, message_len, &answer.owned, &answer.error);
	return answer;
}

#cgo noescape tdc_go_payload
#cgo nocallback tdc_go_payload
#cgo noescape tdc_go_convert
#cgo nocallback tdc_go_convert
#cgo noescape tdc_go_message
#cgo nocallback tdc_go_message
#cgo noescape tdc_buffer_free
#cgo nocallback tdc_buffer_free
#cgo noescape tdc_call_follow
#cgo nocallback tdc_call_follow
#cgo noescape tdc_call_requests
#cgo nocallback tdc_call_requests
#cgo noescape tdc_call_answer
#cgo nocallback tdc_call_answer
#cgo noescape tdc_call_end
#cgo nocallback tdc_call_end
*/
import "C"

import (
	"bytes"
	"fmt"
	"unsafe"
)

// Only this file uses C; cgo_off.go replaces it in builds without cgo.
//
// It follows Go's rules for passing pointers: C gets the addresses of byte slices, and of variables
// that contain only C pointers, for the duration of one call, and keeps none. The slices are
// borrowed and, except for out, only read.

// statusRequests is not an error: the library asks the host for something.
const statusRequests Code = C.TDC_REQUESTS

// pointer is the address of b's first byte; NULL for a nil slice.
func pointer(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

func length(b []byte) C.size_t { return C.size_t(len(b)) }

// takeBuffer copies a buffer of the library, and frees it. C.GoBytes is limited to 2 GiB.
func takeBuffer(buffer C.tdc_buffer) []byte {
	taken := bytes.Clone(unsafe.Slice((*byte)(buffer.data), buffer.len))
	C.tdc_buffer_free(&buffer)
	return taken
}

// isTransient is the library's own judgement of a status.
func isTransient(status uint32) bool { return C.tdc_status_is_transient(C.tdc_status(status)) != 0 }

// takeError copies the library's error, and frees it; nil for TDC_OK.
func takeError(status C.tdc_status, problem *C.tdc_error) *Error {
	if status == C.TDC_OK {
		return nil
	}
	err := newError(Code(status), -1, "")
	err.Transient = isTransient(uint32(status))
	if problem != nil {
		defer C.tdc_error_free(problem)
		var text *C.uint8_t
		var size C.size_t
		C.tdc_error_message(problem, &text, &size)
		err.Message = C.GoStringN((*C.char)(unsafe.Pointer(text)), C.int(size))
		err.PayloadIndex = int(C.tdc_error_payload_index(problem))
		err.needed = int(C.tdc_error_size_needed(problem))
	}
	return err
}

// checkVersion refuses a library with another ABI version.
func checkVersion() error {
	if got := uint32(C.tdc_abi_version()); got != C.TDC_ABI_VERSION {
		return fmt.Errorf("tdc: the linked library %s has version %d of the C ABI, this package needs version %d: "+
			"use the library and the package of one release", C.GoString(C.tdc_version()), got, uint32(C.TDC_ABI_VERSION))
	}
	return nil
}

// A native is the library's data converter.
type native struct{ converter *C.tdc_data_converter }

func openNative(path, namespace string) (n native, err error) {
	p, ns := []byte(path), []byte(namespace)
	var problem *C.tdc_error
	status := C.tdc_data_converter_open(pointer(p), length(p), pointer(ns), length(ns), &n.converter, &problem)
	return n, takeError(status, problem).asError()
}

func parseNative(document []byte, dir, namespace string) (n native, err error) {
	d, ns := []byte(dir), []byte(namespace)
	var problem *C.tdc_error
	status := C.tdc_data_converter_parse(pointer(document), length(document), pointer(d), length(d), pointer(ns), length(ns),
		&n.converter, &problem)
	return n, takeError(status, problem).asError()
}

func (n native) free() { C.tdc_data_converter_free(n.converter) }

func (n native) reload() error {
	var problem *C.tdc_error
	status := C.tdc_data_converter_reload(n.converter, &problem)
	return takeError(status, problem).asError()
}

func (n native) flags() flags {
	is := C.tdc_data_converter_flags(n.converter)
	return flags{
		converters:  is&C.TDC_FLAG_CONVERTERS != 0,
		remote:      is&C.TDC_FLAG_REMOTE != 0,
		hostKeys:    is&C.TDC_FLAG_HOST_KEYS != 0,
		keyServices: is&C.TDC_FLAG_KEY_SERVICES != 0,
	}
}

// A nativeCall is a call that may have to be repeated. Its zero value is a call that has not been
// tried yet.
type nativeCall C.tdc_call

func (c *nativeCall) pointer() *C.tdc_call { return (*C.tdc_call)(c) }

func (c *nativeCall) words() *C.uint64_t { return (*C.uint64_t)(unsafe.Pointer(c)) }

// requests is the requests of the library, in the library's memory, which belongs to the call until
// they are answered: it contains new data keys, and no copy of them stays here.
func (c *nativeCall) requests() []byte {
	var message *C.uint8_t
	var size C.size_t
	C.tdc_call_requests(c.pointer(), &message, &size)
	return unsafe.Slice((*byte)(message), size)
}

// follow makes the call follow references to stored objects.
func (c *nativeCall) follow() { C.tdc_call_follow(c.pointer()) }

// hasPending tells whether a call that succeeded left something to be answered.
func (c *nativeCall) hasPending() bool { return c.pending != 0 }

// end frees the memory of a call in which the library asked for something.
func (c *nativeCall) end() {
	if c.memory != nil {
		C.tdc_call_end(c.pointer())
	}
}

// answer passes on a serialised tdc.host.v1.Answers.
func (n native) answer(call *nativeCall, answers []byte) *Error {
	var problem *C.tdc_error
	status := C.tdc_call_answer(n.converter, call.pointer(), pointer(answers), length(answers), &problem)
	return takeError(status, problem)
}

// encodeBound is the most bytes that a payload of size bytes encodes to, as far as currently known.
func (n native) encodeBound(size int) int {
	return int(C.tdc_codec_encode_bound(n.converter, C.size_t(size)))
}

// payload encodes or decodes one Payload, given as head and data, into room, or
// memory of its own if the answer does not fit. It is nil without an error if the
// codecs leave the payload as it is.
func (n native) payload(op operation, call *nativeCall, context, head, data, room []byte) ([]byte, *Error) {
	answer := C.tdc_go_payload(C.int(op), n.converter, call.words(), pointer(context), length(context),
		pointer(head), length(head), pointer(data), length(data), pointer(room), length(room))
	switch {
	case answer.status == C.TDC_UNCHANGED:
		return nil, nil
	case answer.status != C.TDC_OK:
		return nil, takeError(answer.status, answer.error)
	case answer.owned.data != nil:
		return takeBuffer(answer.owned), nil
	}
	message := room[:answer.len:answer.len]
	if len(room)-len(message) > 4<<10 { // it was compressed: do not keep what is not needed
		return bytes.Clone(message), nil
	}
	return message, nil
}

var functions = [...]C.tdc_go_function{
	encode:        C.tdc_go_function(C.tdc_codec_encode),
	decode:        C.tdc_go_function(C.tdc_codec_decode),
	toPayload:     C.tdc_go_function(C.tdc_converter_to_payload),
	fromPayload:   C.tdc_go_function(C.tdc_converter_from_payload),
	encodeFailure: C.tdc_go_function(C.tdc_failure_encode),
	decodeFailure: C.tdc_go_function(C.tdc_failure_decode),
	decodeHistory: C.tdc_go_function(C.tdc_history_decode),
}

// convert applies op to one serialised message.
func (n native) convert(op operation, call *nativeCall, context, message []byte) ([]byte, *Error) {
	return taken(C.tdc_go_convert(functions[op], n.converter, call.pointer(),
		pointer(context), length(context), pointer(message), length(message)))
}

// message encodes or decodes a message of Temporal's API with this full name.
func (n native) message(op operation, call *nativeCall, context []byte, name string, headers bool, message []byte) ([]byte, *Error) {
	var flags C.uint32_t
	if headers {
		flags = C.TDC_MESSAGE_HEADERS
	}
	full := []byte(name)
	return taken(C.tdc_go_message(C.int(op), n.converter, call.pointer(), pointer(context), length(context),
		pointer(full), length(full), flags, pointer(message), length(message)))
}

// taken copies and frees a result that the library always allocates.
func taken(answer C.tdc_go_answer) ([]byte, *Error) {
	if err := takeError(answer.status, answer.error); err != nil {
		return nil, err
	}
	return takeBuffer(answer.owned), nil
}
