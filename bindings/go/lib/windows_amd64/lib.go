//go:build cgo && windows && amd64

package lib

// #cgo LDFLAGS: ${SRCDIR}/libtdc.a -lws2_32 -lbcrypt -ladvapi32 -luserenv -lntdll
import "C"
