package main

import (
	"context"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/proxy"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// Every message of the API must be linked in to be found by its name.
	_ "go.temporal.io/api/errordetails/v1"
	_ "go.temporal.io/api/export/v1"
	_ "go.temporal.io/api/operatorservice/v1"
	_ "go.temporal.io/api/workflowservice/v1"
)

// visited is put behind what the SDK's visitor came to: twice where it came twice.
const visited = "!"

// describe gives the descriptors of the API that this SDK was built with, each file after those it
// imports.
func describe() ([]byte, error) {
	set := new(descriptorpb.FileDescriptorSet)
	seen := map[string]bool{}
	var add func(file protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(file.Package()), "temporal.api.") {
			add(file)
		}
		return true
	})
	return proto.Marshal(set)
}

// visit hands messages to the SDK's own visitor, which marks every payload that it comes to, or
// every failure.
func visit(what string, records []*commonpb.Payload) {
	for _, record := range records {
		message, err := visitOne(what, string(record.Metadata["type"]), record.Data)
		if err != nil {
			record.Metadata["error"] = []byte(err.Error())
			continue
		}
		record.Data = message
	}
}

func visitOne(what, name string, data []byte) ([]byte, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, err
	}
	message := kind.New().Interface()
	if err := proto.Unmarshal(data, message); err != nil {
		return nil, err
	}
	if what == "failures" {
		err = proxy.VisitFailures(context.Background(), message, proxy.VisitFailuresOptions{
			Visitor: func(_ *proxy.VisitFailuresContext, failure *failurepb.Failure) error {
				failure.Message += visited
				return nil
			},
		})
	} else {
		err = proxy.VisitPayloads(context.Background(), message, proxy.VisitPayloadsOptions{
			SkipSearchAttributes: true,
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				marked := make([]*commonpb.Payload, len(payloads))
				for i, payload := range payloads {
					marked[i] = &commonpb.Payload{Metadata: payload.Metadata, Data: append(payload.Data, visited...)}
				}
				return marked, nil
			},
		})
	}
	if err != nil {
		return nil, err
	}
	return proto.Marshal(message)
}
