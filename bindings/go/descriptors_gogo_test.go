//go:build cgo

package tdc

import (
	"errors"
	"testing"

	gogopb "github.com/gogo/protobuf/jsonpb/jsonpb_test_proto"
	gogoproto "github.com/gogo/protobuf/proto"
	gogotypes "github.com/gogo/protobuf/types"
	"go.temporal.io/sdk/converter"
)

// The SDK's default converter takes messages of gogo/protobuf; so do these, and
// each reads what the other writes.
func TestMessagesOfGogoProtobuf(t *testing.T) {
	number := int64(1 << 60)
	value := &gogopb.KnownTypes{
		Dur: &gogotypes.Duration{Seconds: 3}, Ts: &gogotypes.Timestamp{Seconds: 1}, Str: &gogotypes.StringValue{Value: "x"},
		I64: &gogotypes.Int64Value{Value: number},
	}
	const want = `{"dur":"3s","ts":"1970-01-01T00:00:01Z","i64":"1152921504606846976","str":"x"}`
	sdk := converter.GetDefaultDataConverter()
	for name, list := range lists {
		dc := parse(t, list).DataConverter()
		ours, err := dc.ToPayload(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "canonical" && string(ours.Data) != want {
			t.Errorf("got %s", ours.Data)
		}
		theirs, err := sdk.ToPayload(value)
		if err != nil {
			t.Fatal(err)
		}
		for way, read := range map[string]func(target any) error{
			"ours by ours":   func(target any) error { return dc.FromPayload(ours, target) },
			"ours by theirs": func(target any) error { return sdk.FromPayload(ours, target) },
			"theirs by ours": func(target any) error { return dc.FromPayload(theirs, target) },
		} {
			var got *gogopb.KnownTypes
			if err := read(&got); err != nil || !gogoproto.Equal(got, value) {
				t.Errorf("%s, %s: got %v, %v", name, way, got, err)
			}
		}
	}
}

func TestMessagesOfGogoProtobufWithImportsOfTheirGenerator(t *testing.T) {
	text := "x"
	payload, err := parse(t, canonicalList).DataConverter().ToPayload(&gogopb.Simple{OString: &text})
	if err != nil || string(payload.Data) != `{"oString":"x"}` || string(payload.Metadata["messageType"]) != "jsonpb.Simple" {
		t.Errorf("got %v, %v", payload, err)
	}
}

// What a newer program wrote is read as the configuration says, although the
// SDK's converter, which knows no configuration, reads it first.
func TestUnknownFieldsOfGogoMessagesAreIgnoredIfTheConfigurationSaysSo(t *testing.T) {
	const lenient = "version: 1\nconverters: [null, bytes, { json-protobuf: { ignore_unknown_fields: true } }, json]\n"
	text := "x"
	tests := map[string]struct {
		data         string
		target, want gogoproto.Message
	}{
		"field":          {`{"newer":{"a":[1]},"oString":"x"}`, new(gogopb.Simple), &gogopb.Simple{OString: &text}},
		"nested field":   {`{"simple":{"oString":"x","newer":null}}`, new(gogopb.Widget), &gogopb.Widget{Simple: &gogopb.Simple{OString: &text}}},
		"value of enum":  {`{"color":"NEWER","simple":{"oString":"x"}}`, new(gogopb.Widget), &gogopb.Widget{Simple: &gogopb.Simple{OString: &text}}},
		"values of enum": {`{"rColor":["RED","NEWER"]}`, new(gogopb.Widget), &gogopb.Widget{RColor: []gogopb.Widget_Color{gogopb.Widget_RED}}},
	}
	for name, test := range tests {
		payload := payloadOf("json/protobuf", test.data) // messageType is not needed: the target decides
		if err := parse(t, lenient).DataConverter().FromPayload(payload, test.target); err != nil || test.target.String() != test.want.String() {
			t.Errorf("%s: got %v, %v", name, test.target, err)
		}
		if err := parse(t, canonicalList).DataConverter().FromPayload(payload, test.target); !errors.Is(err, converter.ErrUnableToDecode) {
			t.Errorf("%s, strict: got %v", name, err)
		}
	}
	var got *gogopb.Simple
	if err := parse(t, lenient).DataConverter().FromPayload(payloadOf("json/protobuf", tests["field"].data), &got); err != nil || got.GetOString() != text {
		t.Errorf("pointer to pointer: got %v, %v", got, err)
	}
	if err := parse(t, lenient).DataConverter().FromPayload(payloadOf("json/protobuf", `{"newer":`), &got); err == nil {
		t.Error("text that is not JSON was read")
	}
}

// handmade is a message that is not registered.
type handmade struct{}

func (*handmade) Reset()         {}
func (*handmade) String() string { return "" }
func (*handmade) ProtoMessage()  {}

func (*handmade) XXX_MessageName() string { return "no.such.Handmade" }

func TestMessageOfGogoProtobufThatIsNotRegisteredIsAnError(t *testing.T) {
	_, err := parse(t, canonicalList).DataConverter().ToPayload(&handmade{})
	if !errors.Is(err, ErrType) || !errors.Is(err, converter.ErrUnableToEncode) {
		t.Errorf("got %v", err)
	}
}
