package tdc

import (
	"testing"

	"go.temporal.io/sdk/converter"
)

func TestSerializationContextAsMessage(t *testing.T) {
	tests := []struct {
		context converter.SerializationContext
		want    string
	}{
		{converter.WorkflowSerializationContext{Namespace: "n", WorkflowID: "w"}, "\x08\x01\x12\x01n\x1a\x01w"},
		{converter.WorkflowSerializationContext{}, "\x08\x01"},
		{converter.ActivitySerializationContext{Namespace: "n", WorkflowID: "w", WorkflowType: "W", ActivityType: "A", TaskQueue: "q", IsLocal: true},
			"\x08\x02\x12\x01n\x1a\x01w\x22\x01W\x32\x01A\x3a\x01q\x40\x01"},
		{converter.ActivitySerializationContext{Namespace: "n", ActivityType: "A"}, "\x08\x02\x12\x01n\x32\x01A"},
		{NexusSerializationContext{Endpoint: "e", Service: "s", Operation: "o"}, "\x08\x03\x4a\x01e\x52\x01s\x5a\x01o"},
		{NexusSerializationContext{}, "\x08\x03"},
		// One that this package does not know.
		{struct{ converter.SerializationContext }{}, ""},
		{nil, ""},
	}
	for _, test := range tests {
		if got := string(marshalContext(test.context)); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.context, got, test.want)
		}
	}
}

// NexusSerializationContext is what SDKs have since 1.49.
type NexusSerializationContext struct {
	converter.WorkflowSerializationContext // makes it one of the SDK's
	Endpoint, Service, Operation           string
}
