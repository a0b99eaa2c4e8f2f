//go:build cgo

package tdc

/*
#include "calls.h"

#cgo noescape tdc_go_open
#cgo nocallback tdc_go_open
#cgo noescape tdc_go_parse
#cgo nocallback tdc_go_parse
#cgo noescape tdc_key_provide
#cgo nocallback tdc_key_provide
#cgo noescape tdc_key_reject
#cgo nocallback tdc_key_reject
#cgo noescape tdc_descriptor_provide
#cgo nocallback tdc_descriptor_provide
*/
import "C"

import "fmt"

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

// provideDescriptor hands in a serialised FileDescriptorSet.
func (n native) provideDescriptor(set []byte) error {
	var problem *C.tdc_error
	if status := C.tdc_descriptor_provide(n.converter, pointer(set), length(set), &problem); status != statusOK {
		return takeFault(status, problem).asError()
	}
	return nil
}
