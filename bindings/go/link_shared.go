//go:build cgo && tdc_shared

package tdc

// With the build tag tdc_shared the program uses the system's libtdc, found by
// pkg-config.

// #cgo pkg-config: tdc
import "C"
