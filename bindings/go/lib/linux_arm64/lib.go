//go:build cgo && linux && arm64 && !musl

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a -lm -ldl -lpthread
import "C"
