//go:build cgo && windows && amd64

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a -lws2_32 -lbcrypt -luserenv -lntdll
import "C"
