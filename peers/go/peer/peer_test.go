package peer

import (
	"bytes"
	"encoding/hex"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const testKey = "test-key-test-key-test-key-test!"

func codecs(t *testing.T) map[string]converter.PayloadCodec {
	t.Helper()
	tuned, err := NewTuned("test-key-id", []byte(testKey))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]converter.PayloadCodec{
		"sample": &Sample{KeyID: "test-key-id", Key: []byte(testKey)},
		"tuned":  tuned,
	}
}

func TestEachReadsWhatEachWrites(t *testing.T) {
	p := &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain")},
		Data:     bytes.Repeat([]byte(`"x"`), 99),
	}
	for writer, w := range codecs(t) {
		for reader, r := range codecs(t) {
			encoded, err := w.Encode([]*commonpb.Payload{p})
			if err != nil {
				t.Fatal(writer, err)
			}
			decoded, err := r.Decode(encoded)
			if err != nil {
				t.Fatal(writer, reader, err)
			}
			if !proto.Equal(decoded[0], p) {
				t.Errorf("%s to %s: got %v", writer, reader, decoded[0])
			}
		}
	}
}

// The payload with a known nonce that the samples of all languages agree on.
func TestEachReadsTheGoldenPayload(t *testing.T) {
	data, err := hex.DecodeString("000102030405060708090a0bf92b89da276861d2657395a2a3f7f7d1e8a45622938592d067eda33472fe508461f837b442a729ec7e65ad1d706610b54be7a6")
	if err != nil {
		t.Fatal(err)
	}
	golden := &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding: []byte("binary/encrypted"),
			"encryption-key-id":        []byte("test-key-id"),
		},
		Data: data,
	}
	for name, codec := range codecs(t) {
		decoded, err := codec.Decode([]*commonpb.Payload{golden})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := string(decoded[0].Data); got != `"Testing"` {
			t.Errorf("%s: got %s", name, got)
		}
	}
}
