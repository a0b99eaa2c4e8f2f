//go:build cgo && !tdc_shared && !tdc_source && !(linux && (amd64 || arm64)) && !(darwin && (amd64 || arm64)) && !(windows && amd64)

package tdc

// #error "tdc has no library for this platform: build one (cargo build --release,
// scripts/static-library), name it in CGO_LDFLAGS and build with -tags tdc_source, or use an
// installed one with -tags tdc_shared"
import "C"
