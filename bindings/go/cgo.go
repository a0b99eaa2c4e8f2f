//go:build cgo

package tdc

/*
#include <tdc.h>

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
#cgo noescape tdc_key_provide
#cgo nocallback tdc_key_provide
#cgo noescape tdc_key_reject
#cgo nocallback tdc_key_reject

// What a call gives back, by value: so no Go memory that could hold a pointer
// is handed to C, and nothing needs pinning.
typedef struct {
	tdc_status status;
	tdc_error *error;
	size_t len;
	tdc_buffer owned;
} tdc_go_answer;

typedef struct {
	tdc_status status;
	tdc_error *error;
	tdc_data_converter *converter;
} tdc_go_opened;

static inline tdc_go_answer tdc_go_payload(int decode, const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, tdc_usage *usage,
		const uint8_t *head, size_t head_len, const uint8_t *data, size_t data_len,
		uint8_t *out, size_t capacity) {
	tdc_go_answer answer = {0};
	tdc_payload written = {0};
	answer.status = decode
		? tdc_codec_decode_payload(self, context, context_len, usage, head, head_len, data, data_len, out, capacity, &written, &answer.error)
		: tdc_codec_encode_payload(self, context, context_len, usage, head, head_len, data, data_len, out, capacity, &written, &answer.error);
	answer.len = written.len;
	answer.owned = written.owned;
	return answer;
}

static inline tdc_go_answer tdc_go_payloads(int decode, const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, const uint8_t *payloads, size_t payloads_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_codec_decode(self, context, context_len, NULL, payloads, payloads_len, &answer.owned, &answer.error)
		: tdc_codec_encode(self, context, context_len, NULL, payloads, payloads_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_values(int back, const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = back
		? tdc_converter_from_payload(self, context, context_len, message, message_len, &answer.owned, &answer.error)
		: tdc_converter_to_payload(self, context, context_len, message, message_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_failure(int decode, const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, const uint8_t *failure, size_t failure_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_failure_decode(self, context, context_len, failure, failure_len, &answer.owned, &answer.error)
		: tdc_failure_encode(self, context, context_len, failure, failure_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_message(int decode, const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, const uint8_t *name, size_t name_len, uint32_t flags,
		const uint8_t *message, size_t message_len) {
	tdc_go_answer answer = {0};
	answer.status = decode
		? tdc_message_decode(self, context, context_len, name, name_len, flags, message, message_len, &answer.owned, &answer.error)
		: tdc_message_encode(self, context, context_len, name, name_len, flags, message, message_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_answer tdc_go_history(const tdc_data_converter *self,
		const uint8_t *context, size_t context_len, const uint8_t *history, size_t history_len) {
	tdc_go_answer answer = {0};
	answer.status = tdc_history_decode(self, context, context_len, history, history_len, &answer.owned, &answer.error);
	answer.len = answer.owned.len;
	return answer;
}

static inline tdc_go_opened tdc_go_open(const uint8_t *path, size_t path_len, const uint8_t *ns, size_t ns_len) {
	tdc_go_opened opened = {0};
	opened.status = tdc_data_converter_open(path, path_len, ns, ns_len, &opened.converter, &opened.error);
	return opened;
}

static inline tdc_go_opened tdc_go_parse(const uint8_t *document, size_t document_len, const uint8_t *dir, size_t dir_len,
		const uint8_t *ns, size_t ns_len) {
	tdc_go_opened opened = {0};
	opened.status = tdc_data_converter_parse(document, document_len, dir, dir_len, ns, ns_len, &opened.converter, &opened.error);
	return opened;
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// This file is all that knows C: pointers, who frees what, status to error.
//
// Go's rule for pointers is kept like this: C gets the addresses of plain byte
// slices, for the length of one call, and keeps none; answers come back by
// value. The slices are borrowed and, but for out, only read.

// The statuses that are not errors.
const (
	statusOK           = C.TDC_OK
	statusUnchanged    = C.TDC_UNCHANGED
	statusKeyNeeded    = C.TDC_KEY_NEEDED
	statusReloadNeeded = C.TDC_RELOAD_NEEDED
)

// A native is the library's data converter.
type native struct{ converter *C.tdc_data_converter }

// A usage is what the calls on one list have used of the limits.
type usage C.tdc_usage

// A fault is a status and what the library says about it.
type fault struct {
	status     uint32
	index      int // of the payload; -1 if it is not about one
	message    string
	transient  bool
	sizeNeeded int
	keyIDs     []string
}

// asError is the fault as the caller sees it.
func (f *fault) asError() error {
	return newError(Code(f.status), f.transient, f.index, f.message)
}

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

func (n native) provideKey(id string, key []byte) error {
	name := []byte(id)
	var problem *C.tdc_error
	if status := C.tdc_key_provide(n.converter, pointer(name), length(name), pointer(key), length(key), &problem); status != statusOK {
		return takeFault(status, problem).asError()
	}
	return nil
}

func (n native) rejectKey(id string) error {
	name := []byte(id)
	var problem *C.tdc_error
	if status := C.tdc_key_reject(n.converter, pointer(name), length(name), &problem); status != statusOK {
		return takeFault(status, problem).asError()
	}
	return nil
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
	f.message = C.GoStringN((*C.char)(unsafe.Pointer(text)), C.int(size))
	f.index = int(C.tdc_error_payload_index(problem))
	f.sizeNeeded = int(C.tdc_error_size_needed(problem))
	for i := range C.tdc_error_key_count(problem) {
		if C.tdc_error_key_id(problem, i, &text, &size) == statusOK {
			f.keyIDs = append(f.keyIDs, C.GoStringN((*C.char)(unsafe.Pointer(text)), C.int(size)))
		}
	}
	return f
}

// isTransient is the library's own word on a status.
func isTransient(status uint32) bool {
	return C.tdc_status_is_transient(C.tdc_status(status)) != 0
}

// pointer is the address of b's first byte; NULL for a nil slice.
func pointer(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

func length(b []byte) C.size_t { return C.size_t(len(b)) }
