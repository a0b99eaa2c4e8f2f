//go:build cgo && tdc_source && !tdc_shared

package tdc

// With the build tag tdc_source the program links a library that you built
// yourself, and that CGO_LDFLAGS names.

// #cgo linux LDFLAGS: -lm -ldl -lpthread
import "C"
