//go:build cgo && !tdc_shared

package tdc

// By default the library is linked into the program: lib/<os>_<arch>/libtdc.a
// and lib/tdc.h beside this file, put there by the build of tdc.

/*
#cgo CFLAGS: -I${SRCDIR}/lib
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/lib/linux_amd64/libtdc.a -lm -ldl -lpthread
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/lib/linux_arm64/libtdc.a -lm -ldl -lpthread
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/lib/darwin_amd64/libtdc.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/lib/darwin_arm64/libtdc.a
*/
import "C"
