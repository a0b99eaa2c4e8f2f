package main

/*
#cgo linux,amd64 CFLAGS: -I${SRCDIR}/../../../bindings/go/lib/linux_amd64
#cgo linux,arm64 CFLAGS: -I${SRCDIR}/../../../bindings/go/lib/linux_arm64
#cgo darwin,amd64 CFLAGS: -I${SRCDIR}/../../../bindings/go/lib/darwin_amd64
#cgo darwin,arm64 CFLAGS: -I${SRCDIR}/../../../bindings/go/lib/darwin_arm64
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/../../../bindings/go/lib/linux_amd64/libtdc.a -lm -ldl -lpthread
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/../../../bindings/go/lib/linux_arm64/libtdc.a -lm -ldl -lpthread
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/../../../bindings/go/lib/darwin_amd64/libtdc.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/../../../bindings/go/lib/darwin_arm64/libtdc.a
#include <tdc.h>

#cgo noescape bench_values
#cgo nocallback bench_values

typedef struct {
	tdc_status status;
	tdc_buffer out;
} bench_answer;

static inline bench_answer bench_values(int back, const tdc_data_converter *self, const uint8_t *message, size_t len) {
	bench_answer answer = {0};
	answer.status = back
		? tdc_converter_from_payload(self, NULL, NULL, 0, message, len, &answer.out, NULL)
		: tdc_converter_to_payload(self, NULL, NULL, 0, message, len, &answer.out, NULL);
	return answer;
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// A boundary is the library's data converter by the C ABI itself: the binding's
// converters take Go's values, and here bytes are to go in and come out.
type boundary struct{ converter *C.tdc_data_converter }

func openBoundary(document string) (boundary, error) {
	var b boundary
	text := []byte(document)
	status := C.tdc_data_converter_parse(bytesOf(text), C.size_t(len(text)), nil, 0, nil, 0, &b.converter, nil)
	if status != C.TDC_OK {
		return b, fmt.Errorf("the library's status is %d", status)
	}
	return b, nil
}

func (b boundary) close() { C.tdc_data_converter_free(b.converter) }

// toPayload makes payloads of values, each in a raw form.
func (b boundary) toPayload(values []byte) ([]byte, error) { return b.call(0, values) }

// fromPayload gives values back.
func (b boundary) fromPayload(payloads []byte) ([]byte, error) { return b.call(1, payloads) }

func (b boundary) call(back C.int, message []byte) ([]byte, error) {
	answer := C.bench_values(back, b.converter, bytesOf(message), C.size_t(len(message)))
	if answer.status != C.TDC_OK {
		return nil, fmt.Errorf("the library's status is %d", answer.status)
	}
	bytes := C.GoBytes(unsafe.Pointer(answer.out.data), C.int(answer.out.len))
	C.tdc_buffer_free(&answer.out)
	return bytes, nil
}

func bytesOf(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }
