package tdc

import (
	"bytes"
	"compress/gzip"
	"io"
	"reflect"

	gogoproto "github.com/gogo/protobuf/proto"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// messageType is the type of a message, of a pointer to one (which may be nil), or of a pointer to
// such a pointer; nil if value is not a message.
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

// describe is the answer to a request for the descriptor of a message type, from
// the values or from what is linked into the program.
func describe(name string, values []any) (protowire.Number, []byte) {
	set := new(descriptorpb.FileDescriptorSet)
	if file := fileOf(protoreflect.FullName(name), values); file != nil {
		addFile(set, file, make(map[string]bool))
	} else if !addGogoFiles(set, name) {
		return kindUnknown, nil
	}
	// The library compares a file with the one it already has, and extensions of options have no
	// defined order.
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return kindUnknown, nil
	}
	return kindDescriptor, message
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

// addFile adds a file after all of its imports.
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

// Messages of gogo/protobuf, which the SDK's converters accept too. It has its own registries:
// types by name, and compressed files by name.

// gogoName is the full name of the message of gogo/protobuf that target points to, or points to a
// pointer to; "" if it is not such a message.
func gogoName(target any) string {
	kind := reflect.TypeOf(target)
	for range 2 {
		if kind == nil || kind.Kind() != reflect.Pointer {
			return ""
		}
		if message, ok := reflect.New(kind.Elem()).Interface().(gogoproto.Message); ok {
			return gogoproto.MessageName(message)
		}
		kind = kind.Elem()
	}
	return ""
}

// addGogoFiles adds the file of a message type of gogo/protobuf and all that it
// imports. It reports false if it knows no such type.
func addGogoFiles(set *descriptorpb.FileDescriptorSet, name string) bool {
	kind := gogoproto.MessageType(name)
	if kind == nil {
		return false
	}
	message, ok := reflect.Zero(kind).Interface().(interface{ Descriptor() ([]byte, []int) })
	if !ok {
		return false
	}
	compressed, _ := message.Descriptor()
	return addGogoFile(set, compressed, make(map[string]bool))
}

// addGogoFile adds a file after all of its imports.
func addGogoFile(set *descriptorpb.FileDescriptorSet, compressed []byte, seen map[string]bool) bool {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return false
	}
	message, err := io.ReadAll(reader)
	file := new(descriptorpb.FileDescriptorProto)
	if err != nil || proto.Unmarshal(message, file) != nil {
		return false
	}
	seen[file.GetName()] = true
	for _, path := range file.GetDependency() {
		if seen[path] {
			continue
		}
		if imported := gogoproto.FileDescriptor(path); imported != nil {
			if !addGogoFile(set, imported, seen) {
				return false
			}
		} else if imported, err := protoregistry.GlobalFiles.FindFileByPath(path); err == nil {
			addFile(set, imported, seen)
		} else {
			// gogo.proto, whose options are for the generator, is registered under another path than the one
			// in imports.
			seen[path] = true
			set.File = append(set.File, &descriptorpb.FileDescriptorProto{Name: &path})
		}
	}
	set.File = append(set.File, file)
	return true
}
