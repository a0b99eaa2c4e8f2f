//go:build cgo

package tdc

import (
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// shouting is a user's own JSON, for text only.
type shouting struct {
	*converter.JSONPayloadConverter
}

func (s shouting) ToPayload(value any) (*commonpb.Payload, error) {
	if text, ok := value.(string); ok {
		return s.JSONPayloadConverter.ToPayload(strings.ToUpper(text))
	}
	return nil, nil
}

func (s shouting) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	err := s.JSONPayloadConverter.FromPayload(payload, valuePtr)
	if text, ok := valuePtr.(*string); ok {
		*text += "!"
	}
	return err
}

func (s shouting) ToString(payload *commonpb.Payload) string {
	return "text " + s.JSONPayloadConverter.ToString(payload)
}

// secretive is a user's own encoding.
type secretive struct{}

var errSecretive = errors.New("not for me")

func (secretive) Encoding() string { return "my/own" }

func (secretive) ToPayload(value any) (*commonpb.Payload, error) {
	switch value := value.(type) {
	case order:
		return payloadOf("my/own", value.ID), nil
	case *int:
		return nil, errSecretive
	}
	return nil, nil
}

func (secretive) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	target, ok := valuePtr.(*order)
	if !ok {
		return errSecretive
	}
	target.ID = string(payload.GetData())
	return nil
}

func (secretive) ToString(payload *commonpb.Payload) string { return "order " + string(payload.Data) }

func TestOnesOwnConvertersStandInFront(t *testing.T) {
	for list, encoding := range map[string]string{defaultList: "json/plain", msgpackList: "binary/msgpack"} {
		opened := parse(t, list, WithPayloadConverters(shouting{converter.NewJSONPayloadConverter()}), WithPayloadConverters(secretive{}))
		dc := newValues(scope{tdc: opened})
		payloads, err := dc.ToPayloads("text", order{ID: "o-1"}, 7)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{encoding, "my/own", encoding} {
			if got := encodingOf(payloads.Payloads[i]); got != want {
				t.Errorf("payloads[%d]: got %s, want %s", i, got, want)
			}
		}
		var text string
		var back order
		var number int
		if err := dc.FromPayloads(payloads, &text, &back, &number); err != nil || text != "TEXT!" || back.ID != "o-1" || number != 7 {
			t.Errorf("got %q, %v, %d, %v", text, back, number, err)
		}
		if got := strings.Join(dc.ToStrings(payloads), ", "); got != `text "TEXT", order o-1, text 7` {
			t.Errorf("got %s", got)
		}
		if _, err := dc.ToPayloads("text", new(int)); !errors.Is(err, errSecretive) {
			t.Errorf("got %v", err)
		}
		if err := dc.FromPayload(payloads.Payloads[1], &number); !errors.Is(err, errSecretive) {
			t.Errorf("got %v", err)
		}
	}
}

// The SDK's own converter of messages with other options goes in front as well.
func TestTheSDKsConverterWithOptionsMayStandInFront(t *testing.T) {
	named := converter.NewProtoJSONPayloadConverterWithOptions(converter.ProtoJSONPayloadConverterOptions{UseProtoNames: true})
	dc := parse(t, msgpackList, WithPayloadConverters(named)).DataConverter()
	// It takes nil for its own, as it does with the SDK.
	payload, err := dc.ToPayload(execution())
	if err != nil || encodingOf(payload) != "json/protobuf" || !strings.Contains(string(payload.Data), `"workflow_id":`) {
		t.Fatalf("got %v, %v", payload, err)
	}
	var got *commonpb.WorkflowExecution
	if err := dc.FromPayload(payload, &got); err != nil || got.GetWorkflowId() != "w" {
		t.Errorf("got %v, %v", got, err)
	}
}
