//go:build cgo && !tdc_shared

package tdc

// By default the library is linked into the program: libtdc.a and tdc.h in
// lib/<os>_<arch>, put there by link-library. These are packages, and imported,
// so that go mod vendor takes them along.

/*
#cgo linux,amd64 CFLAGS: -I${SRCDIR}/lib/linux_amd64
#cgo linux,arm64 CFLAGS: -I${SRCDIR}/lib/linux_arm64
#cgo darwin,amd64 CFLAGS: -I${SRCDIR}/lib/darwin_amd64
#cgo darwin,arm64 CFLAGS: -I${SRCDIR}/lib/darwin_arm64
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/lib/linux_amd64/libtdc.a -lm -ldl -lpthread
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/lib/linux_arm64/libtdc.a -lm -ldl -lpthread
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/lib/darwin_amd64/libtdc.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/lib/darwin_arm64/libtdc.a
*/
import "C"

import (
	_ "github.com/temporal-data-converter/tdc/bindings/go/lib/darwin_amd64"
	_ "github.com/temporal-data-converter/tdc/bindings/go/lib/darwin_arm64"
	_ "github.com/temporal-data-converter/tdc/bindings/go/lib/linux_amd64"
	_ "github.com/temporal-data-converter/tdc/bindings/go/lib/linux_arm64"
)
