package main

import (
	"context"
	"fmt"
	"runtime"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/peers/go/peer"
)

const eventCount = 10_000

// The forms of a history: as bytes, as the JSON that the command line of
// Temporal exports, and as a message in memory.
const (
	binaryHistory  = "history"
	jsonHistory    = "history-json"
	messageHistory = "history-message"
)

// historyContests are whole histories with encrypted payloads, decoded by one
// call of tdc, and by the payload visitor of Temporal's API with the sample.
func historyContests(opened *closers) ([]contest, error) {
	t, err := tdc.Parse([]byte(encryptConfig), ".")
	if err != nil {
		return nil, err
	}
	opened.add(func() { _ = t.Close() })
	var contests []contest
	for _, form := range []string{binaryHistory, jsonHistory, messageHistory} {
		contests = append(contests, contest{"decode", form, eventCount, 1, func() ([]contestant, string, error) {
			return historyContest(t, form)
		}})
	}
	return contests, nil
}

// A decoder takes a history and gives it back decoded, in the form it has.
type decoder func([]byte) ([]byte, error)

func historyContest(t *tdc.Tdc, form string) ([]contestant, string, error) {
	encrypted, err := encryptedHistory(eventCount)
	if err != nil {
		return nil, "", err
	}
	if form == messageHistory {
		return inMemory(t, encrypted)
	}
	history, err := formOf(form, encrypted)
	if err != nil {
		return nil, "", err
	}
	visitor := visitorOf(form)
	if err := agree(t, visitor, form, history); err != nil {
		return nil, "", err
	}
	note := fmt.Sprintf("   bytes: %d", len(history))
	for _, who := range []string{"tdc", "visitor"} {
		peak, err := peakOf(who, form, history)
		if err != nil {
			return nil, "", err
		}
		note += fmt.Sprintf(", %s takes %.2f times as much", who, float64(peak)/float64(len(history)))
	}
	return []contestant{
		{name: "tdc", call: func() error { _, err := t.DecodeHistory(history); return err }},
		{name: "visitor", call: func() error { _, err := visitor(history); return err }},
	}, note, nil
}

// agree checks that tdc and the visitor make the same of a history.
func agree(t *tdc.Tdc, visitor decoder, form string, history []byte) error {
	var messages [2]historypb.History
	for i, decode := range []decoder{func(h []byte) ([]byte, error) { return t.DecodeHistory(h) }, visitor} {
		decoded, err := decode(history)
		if err != nil {
			return err
		}
		read := proto.Unmarshal
		if form == jsonHistory {
			read = protojson.Unmarshal
		}
		if err := read(decoded, &messages[i]); err != nil {
			return err
		}
	}
	if !proto.Equal(&messages[0], &messages[1]) {
		return fmt.Errorf("tdc and the visitor do not agree on what is in the history")
	}
	return nil
}

// inMemory decodes a message in place, each time another one: neither making
// that nor collecting the one before is in the time. Here tdc has to write and
// to read what leads to payloads, and the visitor has not.
func inMemory(t *tdc.Tdc, encrypted *historypb.History) ([]contestant, string, error) {
	sample := sampleCodec()
	var fresh *historypb.History
	before := func() {
		fresh = proto.CloneOf(encrypted)
		runtime.GC()
	}
	return []contestant{
		{name: "tdc", call: func() error { return t.DecodeMessage(fresh) }, before: before},
		{name: "visitor-in-place", call: func() error { return visit(fresh, sample.Decode) }, before: before},
	}, "", nil
}

// visitorOf is the visitor with what it takes to come to a message and back.
func visitorOf(form string) decoder {
	sample := sampleCodec()
	read, write := proto.Unmarshal, proto.Marshal
	if form == jsonHistory {
		read, write = protojson.Unmarshal, protojson.Marshal
	}
	return func(history []byte) ([]byte, error) {
		var message historypb.History
		if err := read(history, &message); err != nil {
			return nil, err
		}
		if err := visit(&message, sample.Decode); err != nil {
			return nil, err
		}
		return write(&message)
	}
}

func visit(message proto.Message, code func([]*commonpb.Payload) ([]*commonpb.Payload, error)) error {
	return proxy.VisitPayloads(context.Background(), message, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return code(payloads)
		},
		SkipSearchAttributes: true,
	})
}

func sampleCodec() *peer.Sample { return &peer.Sample{KeyID: keyID, Key: []byte(key)} }

func encryptedHistory(count int) (*historypb.History, error) {
	history, err := events(func(h *historypb.History) bool { return len(h.Events) == count })
	if err != nil {
		return nil, err
	}
	return history, visit(history, sampleCodec().Encode)
}

func formOf(form string, message *historypb.History) ([]byte, error) {
	if form == jsonHistory {
		return protojson.Marshal(message)
	}
	return proto.Marshal(message)
}
