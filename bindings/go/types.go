package tdc

import (
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// messageType is the type of the message that value is, or points to, or points
// to a pointer to, which may be nil; nil if it is no message.
func messageType(value any) protoreflect.MessageDescriptor {
	v := reflect.ValueOf(value)
	for range 3 {
		if !v.IsValid() || v.Kind() == reflect.Interface {
			return nil
		}
		if message, ok := v.Interface().(proto.Message); ok {
			if v.Kind() == reflect.Pointer && v.IsNil() {
				message = reflect.New(v.Type().Elem()).Interface().(proto.Message)
			}
			return message.ProtoReflect().Descriptor()
		}
		if v.Kind() != reflect.Pointer {
			break
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil
	}
	// A message by value.
	if message, ok := reflect.New(v.Type()).Interface().(proto.Message); ok {
		return message.ProtoReflect().Descriptor()
	}
	return nil
}

// ofType is the payload with this messageType: the target decides how JSON is
// read, as with the SDK, which does not look at messageType.
func ofType(payload *commonpb.Payload, name string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding:    payload.Metadata[converter.MetadataEncoding],
			converter.MetadataMessageType: []byte(name),
		},
		Data: payload.Data,
	}
}

// describe is the answer to a request for the descriptor of a message type, from
// the values or from what is linked into the program.
func describe(name string, values []any) (protowire.Number, []byte, error) {
	var set *descriptorpb.FileDescriptorSet
	if file := fileOf(protoreflect.FullName(name), values); file != nil {
		set = new(descriptorpb.FileDescriptorSet)
		addFile(set, file, make(map[string]bool))
	} else if set = gogoFiles(name); set == nil {
		return kindUnknown, nil, nil
	}
	// The library compares what it gets for a file with what it had before, and
	// extensions of options have no order of their own.
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return 0, nil, newError(ErrDescriptor, false, -1, err.Error())
	}
	return kindDescriptor, message, nil
}

func fileOf(name protoreflect.FullName, values []any) protoreflect.FileDescriptor {
	for _, value := range values {
		if message := messageType(value); message != nil && message.FullName() == name {
			return message.ParentFile()
		}
	}
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil
	}
	return found.ParentFile()
}

// addFile adds a file and all that it imports, what is imported first.
func addFile(set *descriptorpb.FileDescriptorSet, file protoreflect.FileDescriptor, seen map[string]bool) {
	if seen[file.Path()] || file.IsPlaceholder() {
		return
	}
	seen[file.Path()] = true
	imports := file.Imports()
	for i := range imports.Len() {
		addFile(set, imports.Get(i).FileDescriptor, seen)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}
