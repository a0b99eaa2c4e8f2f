//go:build cgo

package tdc

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	msgpackList   = "version: 1\nconverters: [null, bytes, binary-protobuf, msgpack]\n"
	canonicalList = "version: 1\nconverters: [null, bytes, json-protobuf, { json: { canonical: true } }]\n"
	// swappedList writes what the SDK's default does, but is not the default list.
	swappedList = "version: 1\nconverters: [bytes, null, json-protobuf, json]\n"
	defaultList = "version: 1\n"
)

var lists = map[string]string{"msgpack": msgpackList, "canonical": canonicalList, "swapped": swappedList, "default": defaultList}

// box is a type of its own for each T.
type box[T any] struct {
	In T `json:"in"`
}

// equal compares messages as messages.
func equal(a, b any) bool {
	x, ok := a.(proto.Message)
	y, both := b.(proto.Message)
	if ok && both {
		return proto.Equal(x, y)
	}
	// Pointers to pointers to messages.
	if v, w := reflect.ValueOf(a), reflect.ValueOf(b); v.Kind() == reflect.Pointer && v.Type() == w.Type() && v.Elem().Kind() == reflect.Pointer {
		return equal(v.Elem().Interface(), w.Elem().Interface())
	}
	return reflect.DeepEqual(a, b)
}

func execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "r"}
}

// samples are values, each with new targets for it.
func samples() (values, targets []any) {
	add := func(value, target any) { values, targets = append(values, value), append(targets, target) }
	add(nil, new(any))
	add((*order)(nil), new(*order))
	add((*commonpb.WorkflowExecution)(nil), new(*commonpb.WorkflowExecution))
	add([]byte("bytes"), new([]byte))
	add([]byte(nil), new([]byte))
	add([]string(nil), new([]string))
	add(map[string]int(nil), new(map[string]int))
	add("Bäcker ☕ <&> 😀", new(string))
	add(int64(math.MaxInt64), new(int64))
	add(uint64(math.MaxUint64), new(uint64))
	add(-1.5e300, new(float64))
	add(true, new(bool))
	add(map[string]any{"b": 1.0, "a": []any{nil, "x"}}, new(any))
	add(order{"o-1", []string{"book"}}, new(order))
	add(&order{"o-2", nil}, new(*order))
	add(box[box[int]]{box[int]{7}}, new(box[box[int]]))
	add(box[*order]{&order{ID: "o-3"}}, new(box[*order]))
	add(time.Unix(1, 2).UTC(), new(time.Time))
	add(execution(), new(*commonpb.WorkflowExecution))
	add(durationpb.New(3*time.Second), new(durationpb.Duration))
	add(structpb.NewStringValue("v"), new(*structpb.Value))
	return values, targets
}

func TestValuesComeBackWithEveryList(t *testing.T) {
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			for _, codecs := range []string{"", "keys: { primary: k, ring: { k: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n"} {
				dc := parse(t, list+codecs).DataConverter()
				values, targets := samples()
				payloads, err := dc.ToPayloads(values...)
				if err != nil {
					t.Fatal(err)
				}
				if err := dc.FromPayloads(payloads, targets...); err != nil {
					t.Fatal(err)
				}
				checkSamples(t, values, targets)
				// And one by one.
				_, targets = samples()
				for i, value := range values {
					payload, err := dc.ToPayload(value)
					if err != nil {
						t.Fatal(err)
					}
					if err := dc.FromPayload(payload, targets[i]); err != nil {
						t.Fatal(err)
					}
				}
				checkSamples(t, values, targets)
			}
		})
	}
}

func checkSamples(t *testing.T, values, targets []any) {
	t.Helper()
	for i, value := range values {
		got := reflect.ValueOf(targets[i]).Elem().Interface()
		if message, ok := targets[i].(proto.Message); ok {
			got = message
		}
		if b, ok := value.([]byte); ok && len(b) == 0 {
			value, got = len(b), len(got.([]byte))
		}
		if !equal(got, value) {
			t.Errorf("values[%d]: got %#v, want %#v", i, got, value)
		}
	}
}

// The SDK's default converter is the oracle: what it writes is read the same,
// into every target, with the same kind of error, and shown the same.
func TestTheSDKsDefaultConverterAgrees(t *testing.T) {
	sdk := converter.GetDefaultDataConverter()
	values, _ := samples()
	payloads, err := sdk.ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	encoded := append(payloads.Payloads,
		nil, &commonpb.Payload{}, jsonPayload(""), jsonPayload("{"), jsonPayload("NaN"),
		&commonpb.Payload{Metadata: map[string][]byte{"other": nil}},
		payloadOf("my/own", "x"),
		payloadOf("binary/null", "ignored"),
		payloadOf("json/protobuf", "null"),
		payloadOf("json/protobuf", `{"workflowId":"without a type"}`),
		withType(payloadOf("json/protobuf", `{"workflowId":"renamed"}`), "old.package.WorkflowExecution"),
		withType(payloadOf("json/protobuf", `{"unknown":1}`), "temporal.api.common.v1.WorkflowExecution"),
		payloadOf("binary/protobuf", "\x0a\x01w"),
		payloadOf("binary/protobuf", "\xff"),
	)
	kinds := []error{
		converter.ErrMetadataIsNotSet, converter.ErrEncodingIsNotSet, converter.ErrEncodingIsNotSupported, converter.ErrUnableToDecode,
		converter.ErrTypeNotImplementProtoMessage, converter.ErrValuePtrMustConcreteType, converter.ErrTypeIsNotByteSlice, converter.ErrValuePtrIsNotPointer,
	}
	for _, list := range []string{"swapped", "msgpack", "canonical"} {
		ours := parse(t, lists[list]).DataConverter()
		for i, payload := range encoded {
			before := proto.Clone(payload)
			_, wants := samples()
			_, gots := samples()
			wants, gots = append(wants, new(converter.RawValue), order{}), append(gots, new(converter.RawValue), order{})
			for j := range wants {
				want, got := sdk.FromPayload(payload, wants[j]), ours.FromPayload(payload, gots[j])
				if (want == nil) != (got == nil) {
					t.Errorf("%s: payloads[%d] into %T: got %v, want %v", list, i, wants[j], got, want)
					continue
				}
				for _, kind := range kinds {
					if errors.Is(want, kind) != errors.Is(got, kind) {
						t.Errorf("%s: payloads[%d] into %T: got %v, want %v", list, i, wants[j], got, want)
					}
				}
				if want == nil && !equal(gots[j], wants[j]) {
					t.Errorf("%s: payloads[%d] into %T: got %v, want %v", list, i, wants[j], gots[j], wants[j])
				}
			}
			if want, got := sdk.ToString(payload), ours.ToString(payload); want != got && encodingOf(payload) != "" && encodingOf(payload) != "my/own" {
				t.Errorf("%s: payloads[%d]: got %q, want %q", list, i, got, want)
			}
			if !proto.Equal(payload, before) {
				t.Errorf("%s: payloads[%d] was changed", list, i)
			}
		}
		if got := ours.ToStrings(payloads); !reflect.DeepEqual(got, sdk.ToStrings(payloads)) {
			t.Errorf("%s: got %q", list, got)
		}
		if got := ours.ToStrings(nil); got != nil {
			t.Errorf("%s: got %q", list, got)
		}
	}
}

func payloadOf(encoding, data string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data)}
}

func withType(payload *commonpb.Payload, messageType string) *commonpb.Payload {
	payload.Metadata["messageType"] = []byte(messageType)
	return payload
}

func TestTheConfigDecidesTheForm(t *testing.T) {
	tests := []struct {
		list, encoding, data string
		value                any
	}{
		{msgpackList, "binary/msgpack", "\x81\xa1b\x01", map[string]int{"b": 1}},
		{msgpackList, "binary/msgpack", "\xa3a<b", "a<b"},
		{msgpackList, "binary/protobuf", "\x08\x03", durationpb.New(3 * time.Second)},
		{msgpackList, "binary/null", "", nil},
		{msgpackList, "binary/plain", "raw", []byte("raw")},
		{canonicalList, "json/protobuf", `"3s"`, durationpb.New(3 * time.Second)},
		{canonicalList, "json/protobuf", `{"workflowId":"w","runId":"r"}`, execution()},
		{canonicalList, "json/plain", `{"a":"<ü>","b":1}`, struct {
			B float64 `json:"b"`
			A string  `json:"a"`
		}{1, "<ü>"}},
	}
	for _, test := range tests {
		payload, err := parse(t, test.list).DataConverter().ToPayload(test.value)
		if err != nil {
			t.Errorf("%v: %v", test.value, err)
			continue
		}
		if encodingOf(payload) != test.encoding || string(payload.Data) != test.data {
			t.Errorf("%v: got %v", test.value, payload)
		}
	}
	text := parse(t, msgpackList).DataConverter().ToString(payloadOf("binary/msgpack", "\x81\xa1b\x01"))
	if text != `{"b":1}` {
		t.Errorf("got %s", text)
	}
}

func TestTheSDKKeepsItsOwnWhereTheListIsTheDefault(t *testing.T) {
	for list, want := range map[string]bool{
		defaultList: true,
		"version: 1\nconverters: [null, bytes, json-protobuf, json]\n":                                      true,
		"version: 1\nconverters: [null, bytes, { json-protobuf: { ignore_unknown_fields: true } }, json]\n": false,
		"version: 1\nconverters: [null, json]\n":                                                            false,
		swappedList:                                                                                         false,
		canonicalList:                                                                                       false,
		msgpackList:                                                                                         false,
	} {
		if got := !newValues(scope{tdc: parse(t, list)}).configured(); got != want {
			t.Errorf("%s: got %v", list, got)
		}
	}
}

// The other side may have been given another list before this one.
func TestEveryEncodingIsReadWhateverTheList(t *testing.T) {
	written, err := parse(t, msgpackList).DataConverter().ToPayloads(order{ID: "o-1"}, 7)
	if err != nil {
		t.Fatal(err)
	}
	dc := parse(t, defaultList).DataConverter()
	var got order
	var number int
	if err := dc.FromPayloads(written, &got, &number); err != nil || got.ID != "o-1" || number != 7 {
		t.Errorf("got %v, %d, %v", got, number, err)
	}
	if text := dc.ToString(written.Payloads[1]); text != "7" {
		t.Errorf("got %s", text)
	}
}

func TestConvertersFollowAReload(t *testing.T) {
	path := t.TempDir() + "/tdc.yaml"
	write(t, path, defaultList)
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	dc := opened.DataConverter()
	for _, step := range []struct{ list, encoding string }{
		{defaultList, "json/plain"}, {msgpackList, "binary/msgpack"}, {"version: 0\n", "binary/msgpack"}, {defaultList, "json/plain"},
	} {
		write(t, path, step.list)
		if err := opened.Reload(); (err == nil) != (step.list != "version: 0\n") {
			t.Fatal(err)
		}
		if payload, err := dc.ToPayload(1); err != nil || encodingOf(payload) != step.encoding {
			t.Errorf("%s: got %v, %v", step.list, payload, err)
		}
	}
}

func TestRawValuesPassAndErrorsNameThePlace(t *testing.T) {
	dc := newValues(scope{tdc: parse(t, "version: 1\nconverters: [json]\n")})
	raw := converter.NewRawValue(payloadOf("my/own", "anything"))
	payloads, err := dc.ToPayloads(raw, 1)
	if err != nil || !proto.Equal(payloads.Payloads[0], raw.Payload()) || !proto.Equal(payloads.Payloads[1], jsonPayload("1")) {
		t.Fatalf("got %v, %v", payloads, err)
	}
	if single, err := dc.ToPayload(raw); err != nil || !proto.Equal(single, raw.Payload()) {
		t.Errorf("got %v, %v", single, err)
	}
	var back converter.RawValue
	var number int
	if err := dc.FromPayloads(payloads, &back, &number); err != nil || !proto.Equal(back.Payload(), raw.Payload()) || number != 1 {
		t.Errorf("got %v, %d, %v", back, number, err)
	}
	tests := map[string]struct {
		do    func() error
		code  Code
		kind  error
		index int
	}{
		"no converter accepts it": {
			func() error { _, err := dc.ToPayloads(raw, 1, []byte("secret")); return err }, ErrValue, converter.ErrUnableToFindConverter, 2,
		},
		"no converter reads it": {
			func() error {
				return dc.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{raw.Payload(), jsonPayload("1"), payloadOf("my/own", "secret")}}, &back, &number, &number)
			}, ErrEncoding, converter.ErrEncodingIsNotSupported, 2,
		},
		"malformed MessagePack": {
			func() error { return dc.FromPayload(payloadOf("binary/msgpack", "\xa9secret"), &number) }, ErrMessagePack, converter.ErrUnableToDecode, 0,
		},
		"malformed JSON of a message": {
			func() error {
				return dc.FromPayload(payloadOf("json/protobuf", `{"workflowId":secret}`), new(*commonpb.WorkflowExecution))
			}, ErrJSON, converter.ErrUnableToDecode, 0,
		},
		"metadata that is not text": {
			func() error {
				return dc.FromPayload(&commonpb.Payload{Metadata: map[string][]byte{"\xff": nil}}, &number)
			}, ErrProtobuf, converter.ErrUnableToDecode, 0,
		},
	}
	for name, test := range tests {
		err := test.do()
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, test.code) || !errors.Is(err, test.kind) || e.PayloadIndex != test.index {
			t.Errorf("%s: got %+v", name, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: contents in %v", name, err)
		}
	}
	if _, err := dc.ToPayloads(1, math.NaN()); !errors.Is(err, converter.ErrUnableToEncode) || !strings.HasPrefix(err.Error(), "values[1]: ") {
		t.Errorf("got %v", err)
	}
}

func TestTooFewAndTooManyAreLeftAlone(t *testing.T) {
	dc := parse(t, msgpackList).DataConverter()
	payloads, err := dc.ToPayloads(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	payloads.Payloads = append(payloads.Payloads, payloadOf("my/own", "nobody asks for it"))
	var first, second, third, fourth = 0, 0, 3, 4
	if err := dc.FromPayloads(payloads, &first, &second); err != nil || first != 1 || second != 2 {
		t.Errorf("got %d, %d, %v", first, second, err)
	}
	payloads.Payloads = payloads.Payloads[:2]
	if err := dc.FromPayloads(payloads, &first, &second, &third, &fourth); err != nil || third != 3 || fourth != 4 {
		t.Errorf("got %d, %d, %v", third, fourth, err)
	}
	if err := dc.FromPayloads(nil, &first); err != nil || first != 1 {
		t.Errorf("got %d, %v", first, err)
	}
	if payloads, err := dc.ToPayloads(); payloads != nil || err != nil {
		t.Errorf("got %v, %v", payloads, err)
	}
}

// The configuration has no rule for "no namespace", so only the context that
// the SDK hands over makes these calls succeed.
func TestConvertersGetTheSerializationContext(t *testing.T) {
	const rules = "namespaces: [{ match: orders, codecs: [] }]\n"
	for _, list := range []string{msgpackList, canonicalList} {
		for name, dc := range map[string]converter.DataConverter{
			"as it is":          parse(t, list+rules).DataConverter(),
			"with key provider": parse(t, list+rules, WithKeyProvider(knows("", ""))).DataConverter(),
			"in an activity":    parse(t, list+rules).DataConverter().(workflow.ContextAware).WithContext(t.Context()),
		} {
			with := converter.WithDataConverterSerializationContext(dc, converter.WorkflowSerializationContext{Namespace: "orders"})
			for _, bound := range []converter.DataConverter{with, with.(*dataConverter).values} {
				var got int
				if payload, err := bound.ToPayload(1); err != nil {
					t.Errorf("%s: %T: %v", name, bound, err)
				} else if err := bound.FromPayload(payload, &got); err != nil || got != 1 || bound.ToString(payload) != "1" {
					t.Errorf("%s: %T: got %d, %v", name, bound, got, err)
				}
			}
			for _, unbound := range []converter.DataConverter{dc, dc.(*dataConverter).values} {
				if _, err := unbound.ToPayload(1); !errors.Is(err, ErrNamespace) {
					t.Errorf("%s: %T: got %v", name, unbound, err)
				}
			}
		}
	}
}

func TestDetailsOfFailuresGoThroughTheConverters(t *testing.T) {
	failures := parse(t, msgpackList+"failures: { encode_common_attributes: true }\n").FailureConverter()
	failure := failures.ErrorToFailure(temporal.NewApplicationError("text", "Type", order{ID: "o-1"}))
	if got := encodingOf(failure.GetApplicationFailureInfo().GetDetails().GetPayloads()[0]); got != "binary/msgpack" {
		t.Errorf("details are %s", got)
	}
	// Every SDK reads these as JSON.
	if got := encodingOf(failure.GetEncodedAttributes()); got != "json/plain" {
		t.Errorf("attributes are %s", got)
	}
	var back *temporal.ApplicationError
	var details order
	if err := failures.FailureToError(failure); !errors.As(err, &back) || back.Details(&details) != nil || details.ID != "o-1" || back.Message() != "text" {
		t.Errorf("got %v, %v", err, details)
	}
}

func TestClosedConvertersSaySo(t *testing.T) {
	opened := parse(t, msgpackList)
	dc := opened.DataConverter()
	payload, err := dc.ToPayload(1)
	if err != nil {
		t.Fatal(err)
	}
	_ = opened.Close()
	if _, err := dc.ToPayload(1); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := dc.FromPayload(payload, new(int)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if text := newValues(scope{tdc: opened}).ToString(payload); text != ErrClosed.Error() {
		t.Errorf("got %s", text)
	}
}

func TestManyGoroutinesShareTheConverters(t *testing.T) {
	opened := parse(t, canonicalList)
	dc := opened.DataConverter()
	var wait sync.WaitGroup
	for range 8 {
		start(&wait, func() {
			for range 20 {
				values, targets := samples()
				payloads, err := dc.ToPayloads(values...)
				if err != nil {
					t.Error(err)
					return
				}
				if err := dc.FromPayloads(payloads, targets...); err != nil {
					t.Error(err)
					return
				}
				checkSamples(t, values, targets)
			}
		})
	}
	for range 20 {
		if err := opened.Reload(); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
}
