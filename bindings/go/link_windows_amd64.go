//go:build cgo && !tdc_shared && !tdc_source

package tdc

import _ "github.com/temporal-data-converter/tdc/bindings/go/lib/windows_amd64"
