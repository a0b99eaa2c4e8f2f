//go:build cgo && darwin && amd64

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a
import "C"
