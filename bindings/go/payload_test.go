package tdc

import (
	"math/rand/v2"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// somePayload makes payloads of all the shapes that appendHead takes.
func somePayload(r *rand.Rand) *commonpb.Payload {
	keys := []string{"encoding", "messageType", "encryption-key-id", "type", "", "ключ", strings.Repeat("k", 200)}
	values := []string{"", "json/plain", "binary/encrypted", strings.Repeat("v", 127), strings.Repeat("v", 128), strings.Repeat("v", 20000)}
	p := &commonpb.Payload{}
	for range r.IntN(6) {
		if p.Metadata == nil {
			p.Metadata = map[string][]byte{}
		}
		p.Metadata[keys[r.IntN(len(keys))]] = []byte(values[r.IntN(len(values))])
	}
	sizes := []int{0, 1, 127, 128, 300, 16383, 16384, 70000}
	p.Data = make([]byte, sizes[r.IntN(len(sizes))])
	for i := range p.Data {
		p.Data[i] = byte(r.Uint32())
	}
	return p
}

func TestHeadAndDataAreWhatProtoMarshals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := somePayload(r)
		head, ok := appendHead(nil, p)
		if !ok {
			t.Fatalf("refused %v", p)
		}
		want, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := append(head, p.Data...); string(got) != string(want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	}
}

func TestHeadLeavesOtherShapesToProto(t *testing.T) {
	unknown := &commonpb.Payload{}
	unknown.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 15, protowire.VarintType), 1))
	tests := map[string]*commonpb.Payload{
		"external payloads":       {ExternalPayloads: []*commonpb.Payload_ExternalPayloadDetails{{SizeBytes: 1}}},
		"unknown field":           unknown,
		"invalid UTF-8":           {Metadata: map[string][]byte{"\xff": nil}},
		"invalid UTF-8 among two": {Metadata: map[string][]byte{"a": nil, "\xff": nil}},
	}
	for name, p := range tests {
		if _, ok := appendHead(nil, p); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestReadPayloadReadsWhatProtoMarshals(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		want := somePayload(r)
		message, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := new(commonpb.Payload)
		if !readPayload(message, got) {
			t.Fatalf("refused %x", message)
		}
		if !proto.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// The slices of a payload share memory; appending to one must not reach another.
func TestReadPayloadGivesSlicesWithoutSpareCapacity(t *testing.T) {
	message, err := proto.Marshal(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("a")}, Data: []byte("b")})
	if err != nil {
		t.Fatal(err)
	}
	p := new(commonpb.Payload)
	if !readPayload(message, p) {
		t.Fatal("refused")
	}
	if got := cap(p.Metadata["encoding"]) + cap(p.Data); got != 2 {
		t.Errorf("got a capacity of %d bytes for 2 bytes", got)
	}
}

// edges are messages at the edge of what readPayload takes by itself.
func edges() [][]byte {
	entry := func(parts ...string) string {
		inner := strings.Join(parts, "")
		return "\x0a" + string(rune(len(inner))) + inner
	}
	key, value, json := "\x0a\x08encoding", "\x12\x0ajson/plain", "\x12\x02{}"
	texts := []string{
		"", "\x12", "\x12\x00", "\x12\x01", "\x12\x01x", "\x12\x80\x01", "\x12\x81\x00x",
		"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		json + "\x12\x00", json + json,
		"\x0a\x00", entry(key), entry(value), entry(key, value), entry(value, key), entry(key, value, value),
		entry(key, value) + entry(key, "\x12\x01x"), entry(key, "\x12\x00"), entry("\x0a\x01\xff", value),
		entry(key, value, "\x18\x01"), entry(key, value) + "\x1a\x02\x08\x07", entry(key, value) + json + "\x78\x01",
		entry("\x0a\x09encoding", value), "\x8a\x00\x00", "\x08\x01", "\x13\x14", "\x00",
	}
	messages := make([][]byte, len(texts))
	for i, text := range texts {
		messages[i] = []byte(text)
	}
	return messages
}

// compareWithProto fails if readPayload takes a message that package proto
// refuses or understands otherwise.
func compareWithProto(t *testing.T, message []byte) {
	t.Helper()
	got, want := new(commonpb.Payload), new(commonpb.Payload)
	if !readPayload(message, got) {
		return
	}
	if err := proto.Unmarshal(message, want); err != nil {
		t.Fatalf("%x: read as %v, but proto says %v", message, got, err)
	}
	if !proto.Equal(got, want) {
		t.Fatalf("%x: read as %v, want %v", message, got, want)
	}
}

func TestReadPayloadAgreesWithProtoOnBrokenMessages(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	seeds := edges()
	for range 60000 {
		message := append([]byte(nil), seeds[r.IntN(len(seeds))]...)
		message = append(message, seeds[r.IntN(len(seeds))]...)
		for range r.IntN(3) {
			if len(message) > 0 {
				message[r.IntN(len(message))] = byte(r.Uint32())
			}
		}
		compareWithProto(t, message[:r.IntN(len(message)+1)])
		compareWithProto(t, message)
	}
}

func FuzzReadPayload(f *testing.F) {
	for _, message := range edges() {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message []byte) { compareWithProto(t, message) })
}
