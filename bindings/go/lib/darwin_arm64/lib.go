//go:build cgo && darwin && arm64

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a
import "C"
