//go:build cgo && !tdc_shared && !tdc_source && !musl

package tdc

import _ "github.com/temporal-data-converter/tdc/bindings/go/lib/linux_arm64"
