//go:build cgo && linux && amd64 && !musl

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a -lm -ldl -lpthread
import "C"
