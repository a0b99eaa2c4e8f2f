package tdc

import (
	"bytes"
	"compress/gzip"
	"io"
	"reflect"

	gogoproto "github.com/gogo/protobuf/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Messages of gogo/protobuf, which the SDK's converters take as well. That has
// registries of its own: types by name, and files, compressed, by theirs.

// gogoName is the full name of the message of gogo/protobuf that target points
// to, or points to a pointer to; "" if it is no such message.
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

// gogoFiles are the file of a message type of gogo/protobuf and all that it
// imports; nil if it knows no such type.
func gogoFiles(name string) *descriptorpb.FileDescriptorSet {
	kind := gogoproto.MessageType(name)
	if kind == nil {
		return nil
	}
	message, ok := reflect.Zero(kind).Interface().(interface{ Descriptor() ([]byte, []int) })
	if !ok {
		return nil
	}
	compressed, _ := message.Descriptor()
	set := new(descriptorpb.FileDescriptorSet)
	if !addGogoFile(set, compressed, make(map[string]bool)) {
		return nil
	}
	return set
}

// addGogoFile adds a file and all that it imports, what is imported first.
func addGogoFile(set *descriptorpb.FileDescriptorSet, compressed []byte, seen map[string]bool) bool {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return false
	}
	message, err := io.ReadAll(reader)
	if err != nil {
		return false
	}
	file := new(descriptorpb.FileDescriptorProto)
	if proto.Unmarshal(message, file) != nil {
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
			continue
		}
		if imported, err := protoregistry.GlobalFiles.FindFileByPath(path); err == nil {
			addFile(set, imported, seen)
			continue
		}
		// gogo.proto, whose options are for the generator, is registered by
		// another path than it is imported by.
		seen[path] = true
		set.File = append(set.File, &descriptorpb.FileDescriptorProto{Name: &path})
	}
	set.File = append(set.File, file)
	return true
}
