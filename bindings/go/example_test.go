//go:build cgo

package tdc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/temporal-data-converter/tdc/bindings/go"
)

const exampleConfig = `
version: 1
keys:
  primary: orders-2026-11
  ring:
    orders-2026-11: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }
codecs: [zstd, encrypt]
`

// The one changed line of a client, or two in Go.
func ExampleOpen() {
	t, err := tdc.Open("tdc.yaml")
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	c, err := client.Dial(client.Options{
		DataConverter:    t.DataConverter(),
		FailureConverter: t.FailureConverter(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}

func ExampleTdc_DataConverter() {
	t, err := tdc.Parse([]byte(exampleConfig), ".")
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	payload, err := t.DataConverter().ToPayload("a secret")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s under %s\n", payload.Metadata["encoding"], payload.Metadata["encryption-key-id"])

	var value string
	if err := t.DataConverter().FromPayload(payload, &value); err != nil {
		log.Fatal(err)
	}
	fmt.Println(value)
	// Output:
	// binary/encrypted under orders-2026-11
	// a secret
}

// A codec of your own inside of tdc's: it sees the payload before encryption.
func ExampleTdc_PayloadCodec() {
	t, err := tdc.Parse([]byte(exampleConfig), ".")
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	mine := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})
	values := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), t.PayloadCodec(), mine)
	payload, err := values.ToPayload("a secret")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("outside: %s\n", payload.Metadata["encoding"])

	var value string
	if err := values.FromPayload(payload, &value); err != nil {
		log.Fatal(err)
	}
	fmt.Println(value)
	// Output:
	// outside: binary/encrypted
	// a secret
}

func ExampleError() {
	t, err := tdc.Parse([]byte(exampleConfig), ".")
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	payload, err := t.DataConverter().ToPayload("a secret")
	if err != nil {
		log.Fatal(err)
	}
	payload.Data[len(payload.Data)-1] ^= 1
	_, err = t.PayloadCodec().Decode([]*commonpb.Payload{payload})
	fmt.Println(errors.Is(err, tdc.ErrAuthentication))

	var e *tdc.Error
	if errors.As(err, &e) {
		fmt.Println(e.Name, e.PayloadIndex, e.Transient)
	}
	// Output:
	// true
	// TDC_ERR_AUTHENTICATION 0 false
}

// A vault stands for a key service.
type vault map[string][]byte

func (v vault) Key(_ context.Context, id string) ([]byte, error) {
	if key, ok := v[id]; ok {
		return key, nil
	}
	return nil, tdc.ErrKeyNotFound
}

func ExampleWithKeyProvider() {
	const config = `
version: 1
keys: { primary: orders-2026-11, host: true }
codecs: [encrypt]
`
	keys := vault{"orders-2026-11": []byte("test-key-test-key-test-key-test!")}
	t, err := tdc.Parse([]byte(config), ".", tdc.WithKeyProvider(keys))
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	payload, err := t.DataConverter().ToPayload("a secret")
	fmt.Printf("%s, %v\n", payload.Metadata["encryption-key-id"], err)
	// Output:
	// orders-2026-11, <nil>
}
