//go:build cgo

package tdc

// #include "calls.h"
import "C"

import "unsafe"

// The files cgo*.go are all that knows C. This one has what they share:
// pointers, who frees what, status to error.
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
	statusTypeNeeded   = C.TDC_TYPE_NEEDED
	statusRemoteNeeded = C.TDC_REMOTE_NEEDED
)

// A fault is a status and what the library says about it.
type fault struct {
	status     uint32
	index      int // of the payload; -1 if it is not about one
	message    string
	transient  bool
	sizeNeeded int
	keyIDs     []string
	typeName   string   // of the message whose descriptor is asked for
	request    *request // for a codec server; whoever has the fault frees it
	cause      error    // what the host knows of it
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
	if status == statusRemoteNeeded {
		f.request = takeRequest(problem)
	} else {
		defer C.tdc_error_free(problem)
	}
	var text *C.uint8_t
	var size C.size_t
	C.tdc_error_message(problem, &text, &size)
	f.message = goString(text, size)
	f.index = int(C.tdc_error_payload_index(problem))
	f.sizeNeeded = int(C.tdc_error_size_needed(problem))
	C.tdc_error_type_name(problem, &text, &size)
	f.typeName = goString(text, size)
	for i := range C.tdc_error_key_count(problem) {
		if C.tdc_error_key_id(problem, i, &text, &size) == statusOK {
			f.keyIDs = append(f.keyIDs, goString(text, size))
		}
	}
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
