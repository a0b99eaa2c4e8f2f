//go:build cgo

package tdc

import (
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const chainConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [zstd, encrypt]
`

func withUnknownField(p *commonpb.Payload) *commonpb.Payload {
	p.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 99, protowire.BytesType), "later"))
	return p
}

func corpus() []*commonpb.Payload {
	many := map[string][]byte{}
	for i := range 50 {
		many[strings.Repeat("k", i)] = []byte(strings.Repeat("v", 300-i))
	}
	payloads := []*commonpb.Payload{
		{},
		{Data: []byte("no metadata")},
		{Metadata: map[string][]byte{"encoding": []byte("binary/null")}},
		{Metadata: map[string][]byte{"encoding": []byte("binary/plain"), "": {}}, Data: []byte{0}},
		{Metadata: many, Data: []byte(text(1000))},
		{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte("[]"), ExternalPayloads: []*commonpb.Payload_ExternalPayloadDetails{{SizeBytes: 7}}},
		withUnknownField(jsonPayload(`"unknown"`)),
	}
	for _, size := range []int{1, 63, 64, 100, 127, 128, 1 << 10, 3900, 4 << 10, 64 << 10, 2<<20 + 1} {
		payloads = append(payloads, jsonPayload(text(size)))
	}
	return payloads
}

func TestRoundTripKeepsEverythingAndChangesNoInput(t *testing.T) {
	for name, config := range map[string]string{"encrypt": encryptConfig, "zstd and encrypt": chainConfig} {
		t.Run(name, func(t *testing.T) {
			codec := parse(t, config).PayloadCodec()
			payloads, before := corpus(), corpus()
			encoded := encodeAll(t, codec, payloads...)
			copies := make([]*commonpb.Payload, len(encoded))
			for i, p := range encoded {
				if got := string(p.Metadata["encoding"]); got != "binary/encrypted" {
					t.Errorf("payloads[%d]: encoding %q", i, got)
				}
				if got := string(p.Metadata["encryption-key-id"]); got != testKeyID {
					t.Errorf("payloads[%d]: key id %q", i, got)
				}
				copies[i] = proto.Clone(p).(*commonpb.Payload)
			}
			decoded := decodeAll(t, codec, encoded...)
			for i := range payloads {
				if !proto.Equal(payloads[i], before[i]) {
					t.Errorf("payloads[%d] was changed by encode", i)
				}
				if !proto.Equal(encoded[i], copies[i]) {
					t.Errorf("payloads[%d] was changed by decode", i)
				}
				if !proto.Equal(decoded[i], before[i]) {
					t.Errorf("payloads[%d] came back different", i)
				}
			}
		})
	}
}

func TestDecodeReadsTheSamplesGoldenPayload(t *testing.T) {
	data, err := hex.DecodeString("000102030405060708090a0bf92b89da276861d2657395a2a3f7f7d1e8a45622938592d067eda33472fe508461f837b442a729ec7e65ad1d706610b54be7a6")
	if err != nil {
		t.Fatal(err)
	}
	decoded := decodeAll(t, parse(t, encryptConfig).PayloadCodec(), &commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("binary/encrypted"), "encryption-key-id": []byte(testKeyID)},
		Data:     data,
	})
	if !proto.Equal(decoded[0], jsonPayload(`"Testing"`)) {
		t.Errorf("got %v", decoded[0])
	}
}

func TestUnchangedPayloadIsTheCallersOwn(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	p := jsonPayload(text(5000))
	if got := decodeAll(t, codec, p); got[0] != p {
		t.Errorf("got another payload for one that is not encoded: %v", got[0])
	}
	small := jsonPayload("1")
	if got := encodeAll(t, parse(t, "version: 1\ncodecs: [zlib]\n").PayloadCodec(), small); got[0] != small {
		t.Errorf("got another payload for one that does not get smaller: %v", got[0])
	}
}

func TestCompressedPayloadKeepsNoMemoryThatItDoesNotNeed(t *testing.T) {
	encoded := encodeAll(t, parse(t, "version: 1\ncodecs: [zlib]\n").PayloadCodec(), jsonPayload(text(1<<20)))
	if got := cap(encoded[0].Data); got > 64<<10 {
		t.Errorf("%d bytes of data hold %d", len(encoded[0].Data), got)
	}
}

func TestNoPayloadsAreNoPayloads(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	if got := encodeAll(t, codec); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestErrorNamesThePayloadAndGivesNone(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	encoded := encodeAll(t, codec, jsonPayload("1"), jsonPayload("2"), jsonPayload("3"))
	encoded[1].Data[20] ^= 1
	decoded, err := codec.Decode(encoded)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrAuthentication) {
		t.Fatalf("got %v", err)
	}
	if e.PayloadIndex != 1 || !e.Transient || decoded != nil {
		t.Errorf("got %+v and %v", e, decoded)
	}
}

func TestFlippedBitNeverDecodes(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	p := jsonPayload(`{"secret":"s3cr3t"}`)
	encoded := encodeAll(t, codec, p)[0]
	for bit := range len(encoded.Data) * 8 {
		encoded.Data[bit/8] ^= 1 << (bit % 8)
		if _, err := codec.Decode([]*commonpb.Payload{encoded}); !errors.Is(err, ErrAuthentication) {
			t.Fatalf("bit %d: got %v", bit, err)
		} else if strings.Contains(err.Error(), "s3cr3t") {
			t.Fatalf("bit %d: plaintext in %v", bit, err)
		}
		encoded.Data[bit/8] ^= 1 << (bit % 8)
	}
}

func TestInvalidUTF8InMetadataIsAnError(t *testing.T) {
	codec := parse(t, encryptConfig).PayloadCodec()
	_, err := codec.Encode([]*commonpb.Payload{{Metadata: map[string][]byte{"\xff": nil}}})
	if !errors.Is(err, ErrProtobuf) {
		t.Errorf("got %v", err)
	}
}

func TestManyGoroutinesShareOneCodec(t *testing.T) {
	shared := parse(t, chainConfig)
	payloads := corpus()
	var wait sync.WaitGroup
	for g := range 4 * runtime.GOMAXPROCS(0) {
		start(&wait, func() {
			codec := shared.PayloadCodec().(*payloadCodec).
				WithSerializationContext(converter.WorkflowSerializationContext{Namespace: "n", WorkflowID: text(g)})
			for range 3 {
				encoded, err := codec.Encode(payloads)
				if err != nil {
					t.Error(err)
					return
				}
				decoded, err := codec.Decode(encoded)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range payloads {
					if !proto.Equal(decoded[i], payloads[i]) {
						t.Errorf("payloads[%d] came back different", i)
					}
				}
			}
		})
	}
	for range 20 {
		if err := shared.Reload(); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
}
