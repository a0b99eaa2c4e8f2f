package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// Every well-known type must be linked in to be found by its name.
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// writeValue makes a payload of the value that a record describes, made the way a Go program would
// have it.
func writeValue(values converter.DataConverter, record *commonpb.Payload) (*commonpb.Payload, error) {
	value, err := valueOf(string(record.Metadata["kind"]), string(record.Metadata["type"]), record.Data)
	if err != nil {
		return nil, err
	}
	payload, err := values.ToPayload(value)
	if err != nil {
		return nil, err
	}
	return wrapped(payload)
}

func valueOf(kind, name string, data []byte) (any, error) {
	switch kind {
	case "null":
		return nil, nil
	case "bytes":
		return data, nil
	case "string":
		return string(data), nil
	case "bool":
		return string(data) == "true", nil
	case "int":
		return strconv.ParseInt(string(data), 10, 64)
	case "uint":
		return strconv.ParseUint(string(data), 10, 64)
	case "float":
		return strconv.ParseFloat(string(data), 64)
	case "integers":
		var list []int64
		err := json.Unmarshal(data, &list)
		return list, err
	case "nested":
		var nested any
		err := json.Unmarshal(data, &nested)
		return nested, err
	case "message":
		message, err := newMessage(name)
		if err != nil {
			return nil, err
		}
		return message, proto.Unmarshal(data, message)
	}
	return nil, fmt.Errorf("unknown kind %q", kind)
}

// readValue reads the payload in a record into a variable of the kind that the record names, and
// describes what it got.
func readValue(values converter.DataConverter, record *commonpb.Payload) (*commonpb.Payload, error) {
	payload := new(commonpb.Payload)
	if err := proto.Unmarshal(record.Data, payload); err != nil {
		return nil, err
	}
	data, err := described(values, string(record.Metadata["kind"]), string(record.Metadata["type"]), payload)
	if err != nil {
		return nil, err
	}
	return &commonpb.Payload{Data: data}, nil
}

func described(values converter.DataConverter, kind, name string, payload *commonpb.Payload) ([]byte, error) {
	switch kind {
	case "null":
		var value any
		if err := values.FromPayload(payload, &value); err != nil {
			return nil, err
		}
		if value != nil {
			return nil, errors.New("expected nil")
		}
		return nil, nil
	case "bytes":
		var value []byte
		err := values.FromPayload(payload, &value)
		return value, err
	case "string":
		var value string
		err := values.FromPayload(payload, &value)
		return []byte(value), err
	case "bool":
		var value bool
		err := values.FromPayload(payload, &value)
		return strconv.AppendBool(nil, value), err
	case "int":
		var value int64
		err := values.FromPayload(payload, &value)
		return strconv.AppendInt(nil, value, 10), err
	case "uint":
		var value uint64
		err := values.FromPayload(payload, &value)
		return strconv.AppendUint(nil, value, 10), err
	case "float":
		var value float64
		err := values.FromPayload(payload, &value)
		return strconv.AppendFloat(nil, value, 'g', -1, 64), err
	case "integers":
		var value []int64
		if err := values.FromPayload(payload, &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	case "nested":
		var value any
		if err := values.FromPayload(payload, &value); err != nil {
			return nil, err
		}
		return text(value)
	case "message":
		message, err := newMessage(name)
		if err != nil {
			return nil, err
		}
		if err := values.FromPayload(payload, message); err != nil {
			return nil, err
		}
		return proto.Marshal(message)
	}
	return nil, fmt.Errorf("unknown kind %q", kind)
}

func newMessage(name string) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// text is a value as JSON, without the escapes that json.Marshal makes for HTML.
func text(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return out.Bytes(), err
}
