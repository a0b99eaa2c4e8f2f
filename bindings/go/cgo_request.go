//go:build cgo

package tdc

// #include "calls.h"
import "C"

import (
	"math"
	"net/http"
	"time"
	"unsafe"
)

// A nativeRequest is the library's error that asks for a request: the answer is
// handed in with it.
type nativeRequest struct{ problem *C.tdc_error }

func (r nativeRequest) free() { C.tdc_error_free(r.problem) }

// takeRequest copies the request out of the library's error, and keeps that: an
// HTTP client may read a body after it has given up on it.
func takeRequest(problem *C.tdc_error) *request {
	r := &request{
		native:      nativeRequest{problem},
		header:      http.Header{},
		timeout:     time.Duration(C.tdc_error_request_timeout_ms(problem)) * time.Millisecond,
		maxResponse: int64(min(C.tdc_error_request_max_response(problem), math.MaxInt64-1)),
	}
	var name, value *C.uint8_t
	var nameLen, valueLen C.size_t
	C.tdc_error_request_url(problem, &value, &valueLen)
	r.url = goString(value, valueLen)
	C.tdc_error_request_body(problem, &value, &valueLen)
	r.body = append(r.body, unsafe.Slice((*byte)(value), int(valueLen))...)
	for i := range C.tdc_error_request_header_count(problem) {
		if C.tdc_error_request_header(problem, i, &name, &nameLen, &value, &valueLen) == statusOK {
			r.header.Add(goString(name, nameLen), goString(value, valueLen))
		}
	}
	return r
}

// provideRemote hands in what came of a request: the server's answer, or status
// 0 and the reason why there is none. Without a fault the call is made again.
func (n native) provideRemote(r nativeRequest, status int, body []byte) *fault {
	var problem *C.tdc_error
	if s := C.tdc_remote_provide(n.converter, r.problem, C.uint32_t(status), pointer(body), length(body), &problem); s != statusOK {
		return takeFault(s, problem)
	}
	return nil
}
