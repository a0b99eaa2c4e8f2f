package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/temporal-data-converter/tdc/bindings/go"
)

// The events that every language's bench repeats.
const corpus = "peers/history.json"

const messagesConfig = "version: 1\nconverters: [json-protobuf]\n"

// events repeats the corpus until enough says so: event ids and times rise.
func events(enough func(*historypb.History) bool) (*historypb.History, error) {
	text, err := os.ReadFile(corpus)
	if err != nil {
		return nil, err
	}
	var cycle historypb.History
	if err := protojson.Unmarshal(text, &cycle); err != nil {
		return nil, fmt.Errorf("%s: %w", corpus, err)
	}
	history := &historypb.History{}
	for !enough(history) {
		next := len(history.Events)
		event := proto.CloneOf(cycle.Events[next%len(cycle.Events)])
		event.EventId = int64(next + 1)
		at := event.EventTime.AsTime().Add(time.Duration(next/len(cycle.Events)) * time.Second)
		event.EventTime = timestamppb.New(at)
		history.Events = append(history.Events, event)
	}
	return history, nil
}

// messageContests are protobuf messages as JSON and back: bytes to bytes by the
// one call of the boundary, and messages to payloads by the data converter.
func messageContests(opened *closers) ([]contest, error) {
	library, err := openBoundary(messagesConfig)
	if err != nil {
		return nil, err
	}
	opened.add(library.close)
	t, err := tdc.Parse([]byte(messagesConfig), ".")
	if err != nil {
		return nil, err
	}
	opened.add(func() { _ = t.Close() })
	var contests []contest
	for _, op := range []string{"encode", "decode"} {
		for _, size := range []int{1 << 10, 64 << 10} {
			contests = append(contests, contest{op, "json-protobuf", size, 1, func() ([]contestant, string, error) {
				return byBoundary(library, op, size)
			}}, contest{op, "converter", size, 1, func() ([]contestant, string, error) {
				return byConverter(t, op, size)
			}})
		}
	}
	return contests, nil
}

// byBoundary is a message of at least size bytes. Both sides take bytes and give
// bytes: what protojson needs in between, the message itself, is part of its
// work as reading the bytes is of tdc's.
func byBoundary(library boundary, op string, size int) ([]contestant, string, error) {
	message, err := messageOf(size)
	if err != nil {
		return nil, "", err
	}
	wire, err := proto.Marshal(message)
	if err != nil {
		return nil, "", err
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, "", err
	}
	name := string(message.ProtoReflect().Descriptor().FullName())
	value, err := list("binary/protobuf", name, wire)
	if err != nil {
		return nil, "", err
	}
	payload, err := list("json/protobuf", name, text)
	if err != nil {
		return nil, "", err
	}
	made, err := library.toPayload(value)
	if err != nil {
		return nil, "", err
	}
	if err := sameMessage(made, message); err != nil {
		return nil, "", err
	}
	note := fmt.Sprintf("   bytes: binary %d, JSON %d", len(wire), len(text))
	if op == "encode" {
		return []contestant{
			{name: "tdc", call: func() error { _, err := library.toPayload(value); return err }},
			{name: "protojson", call: func() error {
				var fresh historypb.History
				if err := proto.Unmarshal(wire, &fresh); err != nil {
					return err
				}
				_, err := protojson.Marshal(&fresh)
				return err
			}},
		}, note, nil
	}
	return []contestant{
		{name: "tdc", call: func() error { _, err := library.fromPayload(payload); return err }},
		{name: "protojson", call: func() error {
			var fresh historypb.History
			if err := protojson.Unmarshal(text, &fresh); err != nil {
				return err
			}
			_, err := proto.Marshal(&fresh)
			return err
		}},
	}, note, nil
}

// byConverter is what a program calls: tdc's data converter beside the SDK's.
func byConverter(t *tdc.Tdc, op string, size int) ([]contestant, string, error) {
	message, err := messageOf(size)
	if err != nil {
		return nil, "", err
	}
	var contestants []contestant
	for _, c := range []struct {
		name      string
		converter converter.DataConverter
	}{{"tdc", t.DataConverter()}, {"sdk", converter.GetDefaultDataConverter()}} {
		payload, err := c.converter.ToPayload(message)
		if err != nil {
			return nil, "", err
		}
		call := func() error { _, err := c.converter.ToPayload(message); return err }
		if op == "decode" {
			call = func() error { var fresh historypb.History; return c.converter.FromPayload(payload, &fresh) }
		}
		contestants = append(contestants, contestant{name: c.name, call: call})
	}
	return contestants, "", nil
}

func messageOf(size int) (*historypb.History, error) {
	return events(func(h *historypb.History) bool { return proto.Size(h) >= size })
}

// list is a serialised Payloads with one payload.
func list(encoding, messageType string, data []byte) ([]byte, error) {
	return proto.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{
			converter.MetadataEncoding:    []byte(encoding),
			converter.MetadataMessageType: []byte(messageType),
		},
		Data: data,
	}}})
}

// sameMessage checks that what tdc made says what the message does.
func sameMessage(payloads []byte, message proto.Message) error {
	var made commonpb.Payloads
	if err := proto.Unmarshal(payloads, &made); err != nil {
		return err
	}
	fresh := message.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal(made.Payloads[0].Data, fresh); err != nil {
		return err
	}
	if !proto.Equal(fresh, message) || bytes.ContainsRune(made.Payloads[0].Data, '\n') {
		return fmt.Errorf("tdc's JSON says something else")
	}
	return nil
}
