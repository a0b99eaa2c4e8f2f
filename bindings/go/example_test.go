//go:build cgo

package tdc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

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

// The configuration's converters decide what values are stored as.
func ExampleTdc_DataConverter_converters() {
	const config = `
version: 1
converters: [null, bytes, json-protobuf, msgpack]
`
	t, err := tdc.Parse([]byte(config), ".")
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	type Order struct {
		Number int `json:"number"`
	}
	execution := &commonpb.WorkflowExecution{WorkflowId: "w"}
	payloads, err := t.DataConverter().ToPayloads(Order{7}, execution)
	if err != nil {
		log.Fatal(err)
	}
	for _, payload := range payloads.Payloads {
		fmt.Printf("%s %q\n", payload.Metadata["encoding"], payload.Data)
	}

	var order Order
	if err := t.DataConverter().FromPayloads(payloads, &order, &execution); err != nil {
		log.Fatal(err)
	}
	fmt.Println(order, execution.GetWorkflowId())
	// Output:
	// binary/msgpack "\x81\xa6number\a"
	// json/protobuf "{\"workflowId\":\"w\"}"
	// {7} w
}

// Amounts decides how its type becomes JSON; all other values stay with the SDK.
type Amounts struct {
	*converter.JSONPayloadConverter
}

type Amount struct{ Cents int }

func (a Amounts) ToPayload(value any) (*commonpb.Payload, error) {
	amount, ok := value.(Amount)
	if !ok {
		return nil, nil
	}
	return a.JSONPayloadConverter.ToPayload(fmt.Sprintf("%d.%02d", amount.Cents/100, amount.Cents%100))
}

func (a Amounts) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	amount, ok := valuePtr.(*Amount)
	if !ok {
		return a.JSONPayloadConverter.FromPayload(payload, valuePtr)
	}
	var text string
	if err := a.JSONPayloadConverter.FromPayload(payload, &text); err != nil {
		return err
	}
	var euros, cents int
	if _, err := fmt.Sscanf(text, "%d.%02d", &euros, &cents); err != nil {
		return err
	}
	amount.Cents = 100*euros + cents
	return nil
}

// A converter of your own in front: here for the JSON of one type.
func ExampleWithPayloadConverters() {
	mine := Amounts{converter.NewJSONPayloadConverter()}
	t, err := tdc.Parse([]byte("version: 1"), ".", tdc.WithPayloadConverters(mine))
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	payload, err := t.DataConverter().ToPayload(Amount{1250})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %s\n", payload.Metadata["encoding"], payload.Data)

	var amount Amount
	if err := t.DataConverter().FromPayload(payload, &amount); err != nil {
		log.Fatal(err)
	}
	fmt.Println(amount.Cents)
	// Output:
	// json/plain "12.50"
	// 1250
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
	// TDC_ERR_AUTHENTICATION 0 true
}

// A map in place of a key service.
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

// A codec server has the keys, and requires a token.
func ExampleWithRemoteHeaders() {
	codecs := converter.NewPayloadCodecHTTPHandler(converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fresh" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		codecs.ServeHTTP(w, r)
	}))
	defer server.Close()

	config := fmt.Sprintf("version: 1\ncodecs: [remote: { url: %q }]", server.URL)
	t, err := tdc.Parse([]byte(config), ".",
		tdc.WithRemoteHeaders(func(_ context.Context, url string) (http.Header, error) {
			return http.Header{"Authorization": {"Bearer fresh"}}, nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	payload, err := t.DataConverter().ToPayload("a secret")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", payload.Metadata["encoding"])
	// Output:
	// binary/zlib
}
