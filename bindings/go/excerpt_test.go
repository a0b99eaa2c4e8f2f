//go:build cgo

package tdc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	_ "go.temporal.io/api/errordetails/v1" // every message of the API is linked in
	_ "go.temporal.io/api/export/v1"
	historypb "go.temporal.io/api/history/v1"
	_ "go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// What becomes of an excerpt is what becomes of the whole message. Both ways do the
// same to every message here, errors included.

// bothWays fails the test unless op does the same both ways; it returns the result.
func bothWays(t *testing.T, opened *Tdc, op operation, message proto.Message, opts ...MessageOption) (proto.Message, error) {
	t.Helper()
	whole, parts := proto.Clone(message), proto.Clone(message)
	want := opened.messages(opts).rewriteWhole(op, whole)
	got := opened.messages(opts).rewrite(op, parts)
	name := message.ProtoReflect().Descriptor().FullName()
	if said(got) != said(want) {
		t.Fatalf("%s: got the error %v, want %v, of\n%v", name, got, want, message)
	}
	if got != nil && !proto.Equal(parts, message) {
		t.Fatalf("%s: an error changed the message", name)
	}
	if string(bytesOf(t, parts)) != string(bytesOf(t, whole)) {
		t.Fatalf("%s: got\n%v, want\n%v, of\n%v", name, parts, whole, message)
	}
	return parts, got
}

// inputSize is what the excerpt and the whole message differ in.
var inputSize = regexp.MustCompile(`the input has \d+ bytes`)

// said is everything else that a caller can see of an error.
func said(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%s %d %v %s", e.Name, e.PayloadIndex, e.Transient, inputSize.ReplaceAllString(e.Message, "too long"))
	}
	return fmt.Sprint(err)
}

func bytesOf(t *testing.T, message proto.Message) []byte {
	t.Helper()
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

const (
	hidingConfig   = encryptConfig + "failures: { encode_common_attributes: true }\n"
	requiredConfig = "version: 1\n" +
		"keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\n" +
		"codecs: [encrypt: { required: true }]\n"
	// Of these two the same bytes come out each time.
	compressedConfig = "version: 1\ncodecs: [zlib: { min_size: 0 }]\nfailures: { encode_common_attributes: true }\n"
	convertedConfig  = "version: 1\ncodecs: [msgpack]\n"
)

// Every type of message of the API that is linked in, filled at random.
func TestExcerptsOfEveryMessageOfTheAPI(t *testing.T) {
	encrypts, refuses := parse(t, hidingConfig), parse(t, requiredConfig)
	same := []*Tdc{parse(t, compressedConfig), parse(t, convertedConfig)}
	r := rand.New(rand.NewPCG(3, 4))
	types, refused, changed := 0, 0, 0
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		if !strings.HasPrefix(string(mt.Descriptor().FullName()), "temporal.api.") || mt.Descriptor().IsMapEntry() {
			return true
		}
		types++
		for range 4 {
			f := filler{r: r, left: 60}
			message := mt.New()
			f.fill(message, 0)
			plain := message.Interface()
			var opts []MessageOption
			if r.IntN(2) == 0 {
				opts = append(opts, WithHeaders())
			}
			for _, opened := range same {
				encoded, err := bothWays(t, opened, encode, plain, opts...)
				if err == nil {
					_, _ = bothWays(t, opened, decode, encoded, opts...)
				}
			}
			encoded := proto.Clone(plain)
			if encrypts.messages(opts).rewrite(encode, encoded) != nil {
				refused++
				continue
			}
			if decoded, err := bothWays(t, encrypts, decode, encoded, opts...); err == nil && !proto.Equal(decoded, encoded) {
				changed++
			}
			if _, err := bothWays(t, refuses, decode, plain, opts...); err != nil {
				refused++
			}
		}
		return true
	})
	if types < 500 || refused < 100 || changed < 400 {
		t.Errorf("the test does too little: %d types, %d errors, %d messages changed", types, refused, changed)
	}
}

// A filler fills messages at random.
type filler struct {
	r    *rand.Rand
	left int
}

func (f *filler) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for _, i := range f.r.Perm(fields.Len()) {
		field := fields.Get(i)
		if f.r.IntN(depth+2) > 2 || depth > 12 {
			continue
		}
		switch {
		case field.IsMap():
			if field.MapKey().Kind() != protoreflect.StringKind {
				continue
			}
			entries := m.Mutable(field).Map()
			for range f.r.IntN(4) {
				value := entries.NewValue()
				if field.MapValue().Message() != nil {
					f.message(value.Message(), depth+1)
				}
				entries.Set(protoreflect.ValueOf(text(1+f.r.IntN(9))).MapKey(), value)
			}
		case field.IsList():
			list := m.Mutable(field).List()
			for range f.r.IntN(3) {
				value := list.NewElement()
				if field.Message() != nil {
					f.message(value.Message(), depth+1)
				}
				list.Append(value)
			}
		case field.Message() != nil:
			if f.left--; f.left > 0 {
				f.message(m.Mutable(field).Message(), depth+1)
			}
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(f.text(field)))
		case field.Kind() == protoreflect.Int64Kind:
			m.Set(field, protoreflect.ValueOfInt64(f.r.Int64()))
		}
	}
	if f.r.IntN(40) == 0 {
		m.SetUnknown([]byte{0xf8, 0x3f, 1}) // number 1023
	}
}

func (f *filler) text(field protoreflect.FieldDescriptor) string {
	if field.Name() == "endpoint" && f.r.IntN(2) == 0 {
		return "__temporal_system"
	}
	return "text of " + string(field.Name())
}

func (f *filler) message(m protoreflect.Message, depth int) {
	switch m.Descriptor().FullName() {
	case "temporal.api.common.v1.Payload":
		proto.Merge(m.Interface(), f.payload())
	case "google.protobuf.Any":
		f.any(m)
	default:
		f.fill(m, depth)
	}
}

func (f *filler) any(m protoreflect.Message) {
	value, name := proto.Message(&commonpb.Payloads{Payloads: []*commonpb.Payload{f.payload()}}), "temporal.api.common.v1.Payloads"
	if f.r.IntN(4) == 0 {
		name = "shop.v1.Order"
	}
	wire, _ := proto.Marshal(value)
	fields := m.Descriptor().Fields()
	m.Set(fields.ByName("type_url"), protoreflect.ValueOfString("type.googleapis.com/"+name))
	m.Set(fields.ByName("value"), protoreflect.ValueOfBytes(wire))
}

func (f *filler) payload() *commonpb.Payload {
	p := jsonPayload(`{"a":"` + text(f.r.IntN(300)) + `"}`)
	switch f.r.IntN(10) {
	case 0:
		return &commonpb.Payload{}
	case 1:
		p.ExternalPayloads = []*commonpb.Payload_ExternalPayloadDetails{{SizeBytes: 300}}
	case 2:
		p.Data = []byte(text(20000))
	case 3: // the envelope of a system Nexus operation
		request := &workflowservice.SignalWithStartWorkflowExecutionRequest{
			Input: &commonpb.Payloads{Payloads: []*commonpb.Payload{p}},
		}
		wire, _ := proto.Marshal(request)
		return &commonpb.Payload{Data: wire, Metadata: map[string][]byte{
			"encoding":    []byte("binary/protobuf"),
			"messageType": []byte("temporal.api.workflowservice.v1.SignalWithStartWorkflowExecutionRequest"),
		}}
	case 4:
		p.ProtoReflect().SetUnknown([]byte{0xf8, 0x3f, 1})
	}
	return p
}

// The payloads of the vectors in a history, and the histories of the vectors.
func TestExcerptsOfTheVectors(t *testing.T) {
	histories, lists := 0, 0
	for _, v := range readVectors(t) {
		input, err := hex.DecodeString(v.Input)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := Parse([]byte(v.Config), t.TempDir(), WithNamespace(v.Namespace))
		if err != nil {
			continue
		}
		history, op := new(historypb.History), decode
		switch v.Operation {
		case "decode_history":
			if protojson.Unmarshal(input, history) != nil && proto.Unmarshal(input, history) != nil {
				history = nil
			} else {
				histories++
			}
		case "decode", "encode", "roundtrip":
			payloads := new(commonpb.Payloads)
			if proto.Unmarshal(input, payloads) != nil {
				history = nil
				break
			}
			lists++
			history = around(payloads)
			if v.Operation != "decode" {
				op = encode
			}
		default:
			history = nil
		}
		if history != nil {
			t.Run(v.Name, func(t *testing.T) {
				if op == encode {
					encoded := proto.Clone(history)
					if err := opened.messages(nil).rewrite(encode, encoded); err != nil {
						_, _ = bothWays(t, opened, encode, history)
					} else {
						_, _ = bothWays(t, opened, decode, encoded)
					}
					return
				}
				_, _ = bothWays(t, opened, decode, history)
			})
		}
		_ = opened.Close()
	}
	if histories < 10 || lists < 500 {
		t.Errorf("%d histories and %d lists are too few", histories, lists)
	}
}

// around is a history with these payloads.
func around(payloads *commonpb.Payloads) *historypb.History {
	history := nested()
	history.Events[0].GetWorkflowExecutionStartedEventAttributes().Input = payloads
	history.Events[2].GetMarkerRecordedEventAttributes().Details["data"] = payloads
	return history
}

func TestExcerptsKeepTheLimitsOfTheMessage(t *testing.T) {
	message := nested()
	limited := func(limit string, value int) *Tdc {
		return parse(t, encryptConfig+fmt.Sprintf("limits: { %s: %d }\n", limit, value))
	}
	if _, err := bothWays(t, limited("max_payloads", 3), decode, message); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
	compressed := around(&commonpb.Payloads{Payloads: []*commonpb.Payload{jsonPayload(text(9000)), jsonPayload(text(9000))}})
	if err := parse(t, compressedConfig).EncodeMessage(compressed); err != nil {
		t.Fatal(err)
	}
	if _, err := bothWays(t, limited("max_decoded_bytes", 10000), decode, compressed); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
	// Only what leads to payloads is input.
	e := new(excerpt)
	if err := e.of(message); err != nil {
		t.Fatal(err)
	}
	size := len(e.wire)
	if err := limited("max_input_bytes", size-1).DecodeMessage(proto.Clone(message)); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
	if err := limited("max_input_bytes", size).DecodeMessage(message); err != nil {
		t.Errorf("got %v", err)
	}
}

// What is not in the excerpt is what it was: the same memory.
func TestMessagesAreChangedInPlace(t *testing.T) {
	opened := parse(t, encryptConfig)
	history := nested()
	started := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
	input, header := started.Input, started.Header.Fields["trace"]
	plain := input.Payloads[0]
	before := proto.Clone(plain)
	if err := opened.EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	if started != history.Events[0].GetWorkflowExecutionStartedEventAttributes() || started.Input != input {
		t.Error("a message around payloads was replaced")
	}
	if input.Payloads[0] == plain || !proto.Equal(plain, before) {
		t.Error("the payload that came in was changed")
	}
	if started.Header.Fields["trace"] != header {
		t.Error("a payload that stays as it is was replaced")
	}
}

// A value that a message contains twice is changed once.
func TestSharedPartsOfAMessage(t *testing.T) {
	opened := parse(t, encryptConfig)
	history := nested()
	history.Events = append(history.Events, history.Events[0], history.Events[2])
	want := proto.Clone(history)
	if err := opened.EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	if err := opened.DecodeMessage(history); err != nil || !proto.Equal(history, want) {
		t.Errorf("got %v, %v", err, history)
	}
}

// An excerpt is made of nearly every message: the test above would not notice if it
// were of none.
func TestExcerptsAreMade(t *testing.T) {
	history := nested()
	e := new(excerpt)
	if err := e.of(history); err != nil {
		t.Fatal(err)
	}
	if got, all := len(e.wire), proto.Size(history); got >= all {
		t.Errorf("the excerpt has %d bytes of %d", got, all)
	}
	read := new(historypb.History)
	if err := proto.Unmarshal(e.wire, read); err != nil || len(read.Events) != len(history.Events) {
		t.Errorf("got %v, %v", err, read)
	}
	if read.Events[0].EventId != 0 || read.Events[0].GetWorkflowExecutionStartedEventAttributes().GetSearchAttributes() != nil {
		t.Errorf("more than what leads to payloads is in %v", read)
	}
}

// Structs that protoc-gen-go did not generate, or keeps to itself, are not looked into.
func TestMessagesOfOtherImplementationsArePassedWhole(t *testing.T) {
	history := nested()
	other := dynamicpb.NewMessage(history.ProtoReflect().Descriptor())
	if err := proto.Unmarshal(bytesOf(t, history), other); err != nil {
		t.Fatal(err)
	}
	if planOf(other) != nil || planOf(history) == nil {
		t.Error("the plan is not by the type of the message")
	}
	bothWays(t, parse(t, compressedConfig), encode, other)

	var opaque struct {
		Shown  *commonpb.Payload `protobuf:"bytes,2,opt,name=shown"`
		hidden *commonpb.Payload `protobuf:"bytes,1,opt,name=hidden"`
	}
	opaque.hidden = opaque.Shown
	if got := fieldIndexes(reflect.TypeOf(opaque)); len(got) != 1 || got["2"] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAnswerOfAnotherShapeIsAnError(t *testing.T) {
	history := nested()
	before := proto.Clone(history)
	e := new(excerpt)
	if err := e.of(history); err != nil {
		t.Fatal(err)
	}
	answers := map[string][]byte{"empty": nil, "cut": e.wire[:len(e.wire)/2], "longer": append(e.wire[:len(e.wire):len(e.wire)], 0x0a, 0)}
	for name, answer := range answers {
		if err := e.putBack(answer); !errors.Is(err, ErrProtobuf) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if !proto.Equal(history, before) {
		t.Error("the message was changed")
	}
}
