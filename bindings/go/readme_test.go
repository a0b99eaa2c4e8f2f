//go:build cgo

package tdc_test

import (
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
)

import "github.com/temporal-data-converter/tdc/bindings/go" // package tdc

// The code of README.md, line by line: scripts/check_pages.py compares them.
var _ = []any{readmeOpen, readmeCodecs, readmeKeys, readmeStorage, readmeHistory, readmeLogger}

func readmeOpen() error {
	t, err := tdc.Open("tdc.yaml")
	if err != nil {
		return err
	}
	defer t.Close()
	c, err := client.Dial(client.Options{
		DataConverter:    t.DataConverter(),
		FailureConverter: t.FailureConverter(), // Go's SDK does not derive it from DataConverter
	})
	if err == nil {
		c.Close()
	}
	return err
}

func readmeCodecs(t *tdc.Tdc, outer, inner converter.PayloadCodec) converter.DataConverter {
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), outer, t.PayloadCodec(), inner)
	return dc
}

func readmeKeys(vault tdc.KeyProvider) (*tdc.Tdc, error) {
	t, err := tdc.Open("tdc.yaml", tdc.WithKeyProvider(vault))
	return t, err
}

func readmeStorage(driver converter.StorageDriver) client.Options {
	return client.Options{ExternalStorage: converter.ExternalStorage{
		Drivers: []converter.StorageDriver{tdc.StorageDriver(driver)},
	}}
}

func readmeHistory(t *tdc.Tdc, exported []byte, driver converter.StorageDriver) ([]byte, error) {
	decoded, err := t.DecodeHistory(exported, tdc.WithStorage(driver))
	return decoded, err
}

func readmeLogger() client.Options {
	return client.Options{Logger: tdc.Logger(log.NewStructuredLogger(slog.Default()))}
}
