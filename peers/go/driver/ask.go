package main

import (
	"fmt"
	"os"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"github.com/temporal-data-converter/tdc/bindings/go"
)

// ask answers with what the SDK's own visitor and converters make of the records in a file, or
// tdc's where config names one. Each record is a payload: its metadata say what its data are.
func ask(operation, kind, config, in, out string) error {
	records, err := readPayloads(in)
	if err != nil {
		return err
	}
	if strings.HasPrefix(operation, "visit-") {
		visit(kind, records)
		return writePayloads(out, records)
	}
	values, failures := converter.GetDefaultDataConverter(), temporal.GetDefaultFailureConverter()
	if config == "" {
		failures = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true})
	} else {
		t, err := tdc.Open(config)
		if err != nil {
			return err
		}
		defer t.Close()
		values, failures = t.DataConverter(), t.FailureConverter()
	}
	var answer func(record *commonpb.Payload) (*commonpb.Payload, error)
	switch operation {
	case "write-values":
		answer = func(record *commonpb.Payload) (*commonpb.Payload, error) { return writeValue(values, record) }
	case "read-values":
		answer = func(record *commonpb.Payload) (*commonpb.Payload, error) { return readValue(values, record) }
	case "write-failures":
		answer = func(record *commonpb.Payload) (*commonpb.Payload, error) { return writeFailure(failures, record) }
	case "read-failures":
		answer = func(record *commonpb.Payload) (*commonpb.Payload, error) { return readFailure(failures, record) }
	case "write-json":
		answer = writeJSON
	case "read-json":
		answer = readJSON
	case "read-history":
		answer = readHistory
	default:
		return fmt.Errorf("unknown operation %q", operation)
	}
	for i, record := range records {
		answered, err := answer(record)
		if err != nil {
			answered = &commonpb.Payload{Metadata: map[string][]byte{"error": []byte(err.Error())}}
		}
		records[i] = answered
	}
	return writePayloads(out, records)
}

func readPayloads(path string) ([]*commonpb.Payload, error) {
	message, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	payloads := new(commonpb.Payloads)
	if err := proto.Unmarshal(message, payloads); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return payloads.Payloads, nil
}

func writePayloads(path string, payloads []*commonpb.Payload) error {
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(&commonpb.Payloads{Payloads: payloads})
	if err != nil {
		return err
	}
	return os.WriteFile(path, message, 0o600)
}

// wrapped is a payload as the contents of a record.
func wrapped(message proto.Message) (*commonpb.Payload, error) {
	data, err := proto.Marshal(message)
	if err != nil {
		return nil, err
	}
	return &commonpb.Payload{Data: data}, nil
}
