//go:build cgo && !tdc_shared && !tdc_source && linux && amd64 && musl

package tdc

import _ "github.com/temporal-data-converter/tdc/bindings/go/lib/linux_amd64_musl"
