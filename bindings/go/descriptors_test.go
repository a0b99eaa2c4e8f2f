//go:build cgo

package tdc

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc/binarylog/grpc_binarylog_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// ownType is a message type that the library cannot know, with an import of its
// own; it is nowhere in the program's registries.
func ownType(t *testing.T, pkg string) protoreflect.MessageDescriptor {
	t.Helper()
	files := new(protoregistry.Files)
	message := func(name string, more ...*descriptorpb.FieldDescriptorProto) []*descriptorpb.DescriptorProto {
		text := &descriptorpb.FieldDescriptorProto{
			Name: proto.String("first_text"), Number: proto.Int32(1),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		return []*descriptorpb.DescriptorProto{{Name: proto.String(name), Field: append(more, text)}}
	}
	part := &descriptorpb.FieldDescriptorProto{
		Name: proto.String("part"), Number: proto.Int32(2), TypeName: proto.String("." + pkg + ".Part"),
		Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
	var file protoreflect.FileDescriptor
	for _, p := range []*descriptorpb.FileDescriptorProto{
		{Name: proto.String(pkg + "/part.proto"), Package: proto.String(pkg), Syntax: proto.String("proto3"), MessageType: message("Part")},
		{
			Name: proto.String(pkg + "/whole.proto"), Package: proto.String(pkg), Syntax: proto.String("proto3"),
			Dependency: []string{pkg + "/part.proto"}, MessageType: message("Whole", part),
		},
	} {
		var err error
		if file, err = protodesc.NewFile(p, files); err != nil {
			t.Fatal(err)
		}
		if err := files.RegisterFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return file.Messages().Get(0)
}

func TestTypesAreHandedInWhenTheyAreNeeded(t *testing.T) {
	own := dynamicpb.NewMessage(ownType(t, "tdc_test_own"))
	if err := proto.Unmarshal([]byte("\x0a\x01x\x12\x03\x0a\x01y"), own); err != nil {
		t.Fatal(err)
	}
	linked := &grpc_binarylog_v1.Address{Address: "a", IpPort: 7}
	tests := map[string]struct {
		value, target proto.Message
		json          string
	}{
		"nowhere registered":      {own, dynamicpb.NewMessage(own.Descriptor()), `{"part":{"firstText":"y"},"firstText":"x"}`},
		"linked into the program": {linked, new(grpc_binarylog_v1.Address), `{"address":"a","ipPort":7}`},
		"built in":                {execution(), new(commonpb.WorkflowExecution), `{"workflowId":"w","runId":"r"}`},
	}
	for name, test := range tests {
		// Writer and reader are two processes: each asks for itself.
		payload, err := parse(t, canonicalList).DataConverter().ToPayload(test.value)
		if err != nil || string(payload.Data) != test.json || string(payload.Metadata["messageType"]) != string(test.value.ProtoReflect().Descriptor().FullName()) {
			t.Errorf("%s: got %v, %v", name, payload, err)
			continue
		}
		dc := parse(t, canonicalList).DataConverter()
		for range 2 {
			if err := dc.FromPayload(payload, test.target); err != nil || !proto.Equal(test.target, test.value) {
				t.Errorf("%s: got %v, %v", name, test.target, err)
			}
		}
	}
}

func TestManyTypesOfOneCallAreEachHandedIn(t *testing.T) {
	var values, targets []any
	for i := range 60 {
		message := dynamicpb.NewMessage(ownType(t, fmt.Sprintf("tdc_test_many%d", i)))
		values, targets = append(values, message), append(targets, dynamicpb.NewMessage(message.Descriptor()))
	}
	payloads, err := parse(t, canonicalList).DataConverter().ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	if err := parse(t, canonicalList).DataConverter().FromPayloads(payloads, targets...); err != nil {
		t.Fatal(err)
	}
}

func TestManyGoroutinesHandInTheSameTypes(t *testing.T) {
	dc := parse(t, canonicalList).DataConverter()
	message := dynamicpb.NewMessage(ownType(t, "tdc_test_shared"))
	var wait sync.WaitGroup
	for range 16 {
		start(&wait, func() {
			payloads, err := dc.ToPayloads(message, &grpc_binarylog_v1.Address{Address: "a"})
			if err != nil {
				t.Error(err)
				return
			}
			if err := dc.FromPayloads(payloads, dynamicpb.NewMessage(message.Descriptor()), new(*grpc_binarylog_v1.Address)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestTypesInsideOfAnyAreFoundInTheProgram(t *testing.T) {
	inside, err := anypb.New(&grpc_binarylog_v1.Address{Address: "a"})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := parse(t, canonicalList).DataConverter().ToPayload(inside)
	if err != nil || string(payload.Data) != `{"@type":"type.googleapis.com/grpc.binarylog.v1.Address","address":"a"}` {
		t.Fatalf("got %v, %v", payload, err)
	}
	got := new(anypb.Any)
	if err := parse(t, canonicalList).DataConverter().FromPayload(payload, got); err != nil || !proto.Equal(got, inside) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTypeThatNobodyKnowsIsAnError(t *testing.T) {
	dc := parse(t, canonicalList).DataConverter()
	payloads := &commonpb.Payloads{Payloads: []*commonpb.Payload{
		jsonPayload("1"), withType(payloadOf("json/protobuf", `{"@type":"example.com/no.such.Type"}`), "google.protobuf.Any"),
	}}
	err := dc.FromPayloads(payloads, new(int), new(*anypb.Any))
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrType || e.PayloadIndex != 1 || e.Transient || !errors.Is(err, converter.ErrUnableToDecode) {
		t.Errorf("got %+v", err)
	} else if !strings.Contains(err.Error(), "no.such.Type") {
		t.Errorf("got %v", err)
	}
}

func TestMessageTypeOfAValue(t *testing.T) {
	var concrete commonpb.WorkflowExecution
	var none *commonpb.WorkflowExecution
	var noOwn *dynamicpb.Message
	var message proto.Message = &concrete
	tests := []struct {
		value any
		want  string
	}{
		{&concrete, "temporal.api.common.v1.WorkflowExecution"},
		{none, "temporal.api.common.v1.WorkflowExecution"},
		{&none, "temporal.api.common.v1.WorkflowExecution"},
		{structpb.NewNullValue(), "google.protobuf.Value"},
		{noOwn, ""}, {&noOwn, ""}, {&message, ""}, {new(any), ""}, {nil, ""}, {7, ""}, {new(*int), ""}, {order{}, ""}, {&order{}, ""},
	}
	for _, test := range tests {
		got := ""
		if message := messageType(test.value); message != nil {
			got = string(message.FullName())
		}
		if got != test.want {
			t.Errorf("%T: got %q", test.value, got)
		}
	}
}
