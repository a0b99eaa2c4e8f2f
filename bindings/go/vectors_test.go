//go:build cgo

package tdc

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// The vectors of vectors, which every language runs: once as the bytes
// that they are, and, where the input is a message that the SDK's types can
// hold, once more through the codec that a client uses.

type vector struct {
	Name      string
	Config    string
	Namespace string
	Operation string
	Input     string
	Expect    struct {
		Payloads     *string
		Message      string
		Error        string
		PayloadIndex *int `json:"payload_index"`
		Encodings    []string
		// The sizes of the external payloads of each; nil: not said.
		ExternalSizes [][]int64 `json:"external_sizes"`
	}
}

// readVectors reads the vectors of every file.
func readVectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "vectors", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors found: %v", err)
	}
	var vectors []vector
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Vectors []vector }
		if err := json.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		vectors = append(vectors, file.Vectors...)
	}
	return vectors
}

func TestVectors(t *testing.T) {
	count, throughTheSDK := 0, 0
	for _, v := range readVectors(t) {
		count++
		t.Run(v.Name, func(t *testing.T) {
			if v.run(t) {
				throughTheSDK++
			}
		})
	}
	fmt.Printf("vectors: go ran %d\n", count)
	fmt.Printf("vectors: %d of them also through the SDK's types\n", throughTheSDK)
}

// run reports whether the vector also went through the SDK's types.
func (v *vector) run(t *testing.T) bool {
	input, err := hex.DecodeString(v.Input)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Parse([]byte(v.Config), t.TempDir(), WithNamespace(v.Namespace))
	if v.Operation == "open" || err != nil {
		v.checkError(t, err)
		if err == nil {
			_ = opened.Close()
		}
		return false
	}
	defer opened.Close()
	if v.Operation == "provide_descriptor" {
		v.checkError(t, opened.provideDescriptor(t, input))
		return false
	}
	if op, ok := otherOperations[v.Operation]; ok {
		v.convert(t, opened, op, input)
		return false
	}
	v.apply(t, input, func(op operation, message []byte) ([]byte, error) {
		answer, problem := opened.handle.native.convert(op, nil, nil, message)
		return answer, problem.asError()
	})
	payloads := new(commonpb.Payloads)
	if !v.fitsTheSDK(t, input, payloads) {
		return false
	}
	v.throughTheSDK(t, opened, payloads)
	return true
}

// The operations of everything but the codecs.
var otherOperations = map[string]operation{
	"to_payload": toPayload, "from_payload": fromPayload,
	"encode_failure": encodeFailure, "decode_failure": decodeFailure, "decode_history": decodeHistory,
}

func (v *vector) convert(t *testing.T, opened *Tdc, op operation, input []byte) {
	t.Helper()
	got, problem := opened.handle.native.convert(op, nil, nil, input)
	v.checkError(t, problem.asError())
	if problem != nil {
		return
	}
	want := v.Expect.Message
	if op == toPayload || op == fromPayload {
		want = *v.Expect.Payloads
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

// fitsTheSDK reads the input, and reports whether the SDK's types can say the
// same as the vector: they parse, so malformed bytes never reach the codec
// through them.
func (v *vector) fitsTheSDK(t *testing.T, input []byte, payloads *commonpb.Payloads) bool {
	t.Helper()
	if proto.Unmarshal(input, payloads) != nil {
		return false
	}
	switch v.Expect.Error {
	case "":
	case "TDC_ERR_PROTOBUF":
		return false
	default:
		return len(payloads.Payloads) > 0
	}
	if v.Expect.Payloads == nil {
		return true
	}
	message, err := hex.DecodeString(*v.Expect.Payloads)
	return err == nil && proto.Unmarshal(message, new(commonpb.Payloads)) == nil
}

// apply runs the vector's operation on bytes.
func (v *vector) apply(t *testing.T, input []byte, convert func(operation, []byte) ([]byte, error)) {
	t.Helper()
	switch v.Operation {
	case "encode", "decode":
		op := encode
		if v.Operation == "decode" {
			op = decode
		}
		got, err := convert(op, input)
		v.checkError(t, err)
		if v.Expect.Payloads != nil && hex.EncodeToString(got) != *v.Expect.Payloads {
			t.Errorf("got %x, want %s", got, *v.Expect.Payloads)
		}
	case "roundtrip":
		encoded, err := convert(encode, input)
		v.checkError(t, err)
		if err != nil {
			return
		}
		v.checkOutside(t, encoded)
		decoded, err := convert(decode, encoded)
		if err != nil || string(decoded) != string(input) {
			t.Errorf("came back as %x, %v", decoded, err)
		}
	default:
		t.Fatalf("unknown operation %q", v.Operation)
	}
}

func (v *vector) checkError(t *testing.T, err error) {
	t.Helper()
	if v.Expect.Error == "" {
		if err != nil {
			t.Fatalf("got %v", err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Name != v.Expect.Error {
		t.Fatalf("got %v, want %s", err, v.Expect.Error)
	}
	want := -1
	if v.Expect.PayloadIndex != nil {
		want = *v.Expect.PayloadIndex
	}
	if e.PayloadIndex != want {
		t.Errorf("got the index %d, want %d", e.PayloadIndex, want)
	}
}

// checkOutside looks at what encoded payloads show.
func (v *vector) checkOutside(t *testing.T, encoded []byte) {
	t.Helper()
	payloads := new(commonpb.Payloads)
	if err := proto.Unmarshal(encoded, payloads); err != nil {
		t.Fatal(err)
	}
	v.checkShown(t, payloads.Payloads)
}

func (v *vector) checkShown(t *testing.T, encoded []*commonpb.Payload) {
	t.Helper()
	for i, want := range v.Expect.Encodings {
		if got := string(encoded[i].Metadata["encoding"]); got != want {
			t.Errorf("payloads[%d]: encoding %q, want %q", i, got, want)
		}
	}
	for i, want := range v.Expect.ExternalSizes {
		got := []int64{}
		for _, external := range encoded[i].ExternalPayloads {
			got = append(got, external.SizeBytes)
		}
		if !slices.Equal(got, want) {
			t.Errorf("payloads[%d]: external payloads of %v bytes, want %v", i, got, want)
		}
	}
}

// throughTheSDK compares messages, since the SDK's types keep neither the order
// of fields nor unknown ones of the list itself.
func (v *vector) throughTheSDK(t *testing.T, opened *Tdc, input *commonpb.Payloads) {
	t.Helper()
	codec := opened.PayloadCodec()
	switch v.Operation {
	case "roundtrip":
		encoded, err := codec.Encode(input.Payloads)
		v.checkError(t, err)
		if err != nil {
			return
		}
		v.checkShown(t, encoded)
		v.checkPayloads(t, decodeAll(t, codec, encoded...), input)
	default:
		convert := codec.Encode
		if v.Operation == "decode" {
			convert = codec.Decode
		}
		got, err := convert(input.Payloads)
		v.checkError(t, err)
		if err != nil {
			return
		}
		want := new(commonpb.Payloads)
		if message, err := hex.DecodeString(*v.Expect.Payloads); err != nil || proto.Unmarshal(message, want) != nil {
			t.Fatal("fitsTheSDK let something through")
		}
		v.checkPayloads(t, got, want)
	}
}

func (v *vector) checkPayloads(t *testing.T, got []*commonpb.Payload, want *commonpb.Payloads) {
	t.Helper()
	if len(got) != len(want.Payloads) {
		t.Fatalf("SDK: got %d payloads, want %d", len(got), len(want.Payloads))
	}
	for i := range got {
		if !proto.Equal(got[i], want.Payloads[i]) {
			t.Errorf("SDK: payloads[%d]: got %v, want %v", i, got[i], want.Payloads[i])
		}
	}
}

// provideDescriptor answers a call that asks for a message type.
func (t *Tdc) provideDescriptor(test *testing.T, set []byte) error {
	test.Helper()
	message, err := proto.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{{Metadata: map[string][]byte{
		"encoding": []byte("binary/protobuf"), "messageType": []byte("app.v1.Nothing"),
	}}}})
	if err != nil {
		test.Fatal(err)
	}
	var call nativeCall
	defer call.end()
	if _, problem := t.handle.native.convert(toPayload, &call, nil, message); problem == nil || problem.Code != statusRequests {
		test.Fatalf("got %+v", problem)
	}
	asked := readRequests(call.requests())
	if len(asked) != 1 || asked[0].kind != kindDescriptor || asked[0].text != "app.v1.Nothing" {
		test.Fatalf("got %+v", asked)
	}
	return t.handle.native.answer(&call, marshalReplies([]reply{{asked[0].id, kindDescriptor, set}})).asError()
}
