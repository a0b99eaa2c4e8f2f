//go:build cgo && !tdc_shared

package tdc

// By default the library is linked into the program: libtdc.a of the package in
// lib/<os>_<arch>, which a file link_<os>_<arch>.go imports. In a release each of
// them is a module, so that a program downloads the one that it needs. Build with
// the tag musl for Linux with musl.

// #cgo CFLAGS: -I${SRCDIR}
import "C"
