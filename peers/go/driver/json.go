package main

import (
	"bytes"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// writeJSON prints the message in a record with the official runtime.
func writeJSON(record *commonpb.Payload) (*commonpb.Payload, error) {
	types, message, err := messageOf(record)
	if err != nil {
		return nil, err
	}
	if err := (proto.UnmarshalOptions{Resolver: types}).Unmarshal(record.Data, message); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{Resolver: types}.Marshal(message)
	return &commonpb.Payload{Data: text}, err
}

// readJSON parses the JSON in a record with the official runtime.
func readJSON(record *commonpb.Payload) (*commonpb.Payload, error) {
	types, message, err := messageOf(record)
	if err != nil {
		return nil, err
	}
	if err := (protojson.UnmarshalOptions{Resolver: types}).Unmarshal(record.Data, message); err != nil {
		return nil, err
	}
	return wrapped(message)
}

// readHistory reads the history in a record as the SDK's replayer does.
func readHistory(record *commonpb.Payload) (*commonpb.Payload, error) {
	history, err := client.HistoryFromJSON(bytes.NewReader(record.Data), client.HistoryJSONOptions{})
	if err != nil {
		return nil, err
	}
	return wrapped(history)
}

// resolver finds the types of one file, and then those that are linked in.
type resolver struct {
	own *protoregistry.Types
}

func (r resolver) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if found, err := r.own.FindMessageByName(name); err == nil {
		return found, nil
	}
	return protoregistry.GlobalTypes.FindMessageByName(name)
}

func (r resolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if found, err := r.own.FindMessageByURL(url); err == nil {
		return found, nil
	}
	return protoregistry.GlobalTypes.FindMessageByURL(url)
}

func (resolver) FindExtensionByName(protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

func (resolver) FindExtensionByNumber(protoreflect.FullName, protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

// messageOf is an empty message of the type that a record names, of the file that it brings, and
// what finds the types inside it.
func messageOf(record *commonpb.Payload) (resolver, proto.Message, error) {
	types := resolver{new(protoregistry.Types)}
	described := new(descriptorpb.FileDescriptorProto)
	if err := proto.Unmarshal(record.Metadata["file"], described); err != nil {
		return types, nil, err
	}
	file, err := protodesc.NewFile(described, protoregistry.GlobalFiles)
	if err != nil {
		return types, nil, err
	}
	for i := range file.Messages().Len() {
		if err := types.own.RegisterMessage(dynamicpb.NewMessageType(file.Messages().Get(i))); err != nil {
			return types, nil, err
		}
	}
	found, err := types.FindMessageByName(protoreflect.FullName(record.Metadata["type"]))
	if err != nil {
		return types, nil, errors.New("the file has no such message")
	}
	return types, found.New().Interface(), nil
}
