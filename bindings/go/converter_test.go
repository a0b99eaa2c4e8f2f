//go:build cgo

package tdc

import (
	"errors"
	"strings"
	"testing"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

type order struct {
	ID    string
	Items []string
}

func TestValuesGoThroughTheDataConverter(t *testing.T) {
	values := parse(t, encryptConfig).DataConverter()
	want := order{"o-1", []string{"book", "lamp"}}
	payloads, err := values.ToPayloads(want, nil, []byte("raw"))
	if err != nil {
		t.Fatal(err)
	}
	message, err := proto.Marshal(payloads)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(message), "book") || strings.Contains(string(message), "raw") {
		t.Error("plaintext in the payloads")
	}
	var got order
	var nothing *order
	var raw []byte
	if err := values.FromPayloads(payloads, &got, &nothing, &raw); err != nil {
		t.Fatal(err)
	}
	if got.ID != want.ID || len(got.Items) != 2 || nothing != nil || string(raw) != "raw" {
		t.Errorf("got %v, %v, %s", got, nothing, raw)
	}
	if text := values.ToString(payloads.Payloads[0]); !strings.Contains(text, "book") {
		t.Errorf("got %s", text)
	}
}

func TestFailedEncodingGivesNoPayload(t *testing.T) {
	values := parse(t, hostConfig).DataConverter()
	if p, err := values.ToPayload("secret"); err == nil || p != nil {
		t.Errorf("got %v and %v", p, err)
	}
	if p, err := values.ToPayloads("secret"); err == nil || p != nil {
		t.Errorf("got %v and %v", p, err)
	}
}

const contextConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
failures: { encode_common_attributes: true }
namespaces: [{ match: orders, codecs: [encrypt] }]
`

// The configuration has no rule for "no namespace", so only the context that
// the SDK hands over makes these calls succeed.
func TestConvertersHandTheSerializationContextOn(t *testing.T) {
	opened := parse(t, contextConfig)
	in := func(namespace string) converter.SerializationContext {
		return converter.WorkflowSerializationContext{Namespace: namespace, WorkflowID: "w"}
	}
	for name, values := range map[string]converter.DataConverter{
		"plain":             opened.DataConverter(),
		"with key provider": parse(t, contextConfig, WithKeyProvider(knows("", ""))).DataConverter(),
	} {
		if _, err := converter.WithDataConverterSerializationContext(values, in("orders")).ToPayload("x"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := converter.WithDataConverterSerializationContext(values, in("else")).ToPayload("x"); !errors.Is(err, ErrNamespace) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	failures := converter.WithFailureConverterSerializationContext(opened.FailureConverter(), in("orders"))
	failure := failures.ErrorToFailure(temporal.NewApplicationError("secret message", "Type", order{ID: "o-1"}))
	if got := failure.GetMessage(); got != "Encoded failure" {
		t.Errorf("got the message %q", got)
	}
	if got := string(failure.GetApplicationFailureInfo().GetDetails().GetPayloads()[0].GetMetadata()["encoding"]); got != "binary/encrypted" {
		t.Errorf("details are %s", got)
	}
	var back *temporal.ApplicationError
	var details order
	if err := failures.FailureToError(failure); !errors.As(err, &back) {
		t.Fatalf("got %v", err)
	}
	if err := back.Details(&details); err != nil || details.ID != "o-1" || back.Message() != "secret message" {
		t.Errorf("got %v, %v, %v", err, details, back)
	}
}

func TestFailureMessagesStayReadableUnlessConfigured(t *testing.T) {
	failure := parse(t, encryptConfig).FailureConverter().ErrorToFailure(temporal.NewApplicationError("message", "Type", "secret"))
	if got := failure.GetMessage(); got != "message" {
		t.Errorf("got %q", got)
	}
	if strings.Contains(failure.String(), "secret") {
		t.Errorf("the details are readable: %v", failure)
	}
}

// codec order is Go's: last to first on the way out.
func TestUsersCodecsStandBeforeAndAfter(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	zlib := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})
	tests := map[string]struct {
		codecs []converter.PayloadCodec
		outer  string
	}{
		"zlib inside":  {[]converter.PayloadCodec{codec, zlib}, "binary/encrypted"},
		"zlib outside": {[]converter.PayloadCodec{zlib, codec}, "binary/zlib"},
	}
	for name, test := range tests {
		values := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), test.codecs...)
		p, err := values.ToPayload("hello")
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := values.FromPayload(p, &got); err != nil || got != "hello" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if encoding := string(p.Metadata["encoding"]); encoding != test.outer {
			t.Errorf("%s: got %s", name, encoding)
		}
	}
}
