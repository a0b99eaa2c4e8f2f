//go:build cgo

package tdc

import (
	"bytes"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

const (
	testKeyID = "test-key-id"
	testKey   = "test-key-test-key-test-key-test!"
)

const encryptConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
`

// hostConfig has no keys of its own.
const hostConfig = `version: 1
keys: { primary: test-key-id, host: true }
codecs: [encrypt]
`

func parse(t testing.TB, config string, opts ...Option) *Tdc {
	t.Helper()
	opened, err := Parse([]byte(config), t.TempDir(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func jsonPayload(data string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
		Data:     []byte(data),
	}
}

// start is wait.Go, which Go 1.24 does not have.
func start(wait *sync.WaitGroup, run func()) {
	wait.Add(1)
	go func() {
		defer wait.Done()
		run()
	}()
}

func text(size int) string { return string(bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]) }

func encodeAll(t testing.TB, codec converter.PayloadCodec, payloads ...*commonpb.Payload) []*commonpb.Payload {
	t.Helper()
	encoded, err := codec.Encode(payloads)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func decodeAll(t testing.TB, codec converter.PayloadCodec, payloads ...*commonpb.Payload) []*commonpb.Payload {
	t.Helper()
	decoded, err := codec.Decode(payloads)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}
