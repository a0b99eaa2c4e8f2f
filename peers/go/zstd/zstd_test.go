// Package zstd tests that a program may use tdc beside another zstd, here
// DataDog's with the C code of zstd 1.4.1: each has its own.
package zstd

import (
	"bytes"
	"testing"

	"github.com/DataDog/zstd"
	"github.com/temporal-data-converter/tdc/bindings/go"
	commonpb "go.temporal.io/api/common/v1"
)

func TestEachHasItsOwnZstd(t *testing.T) {
	opened, err := tdc.Parse([]byte("version: 1\ncodecs: [zstd: { level: 1, min_size: 1 }]\n"), ".")
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	plain := bytes.Repeat([]byte("temporal data converter "), 4000)
	payload := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("binary/plain")}, Data: plain}
	for range 3 {
		encoded, err := opened.PayloadCodec().Encode([]*commonpb.Payload{payload})
		if err != nil {
			t.Fatal(err)
		}
		// Theirs reads what ours wrote.
		inner, err := zstd.Decompress(nil, encoded[0].Data)
		if err != nil || !bytes.HasSuffix(inner, plain) {
			t.Fatalf("theirs does not read ours: %d bytes, %v", len(inner), err)
		}
		// Ours reads what theirs wrote, at a level that 1.4.1 has.
		if encoded[0].Data, err = zstd.CompressLevel(nil, inner, 19); err != nil {
			t.Fatal(err)
		}
		decoded, err := opened.PayloadCodec().Decode(encoded)
		if err != nil || !bytes.Equal(decoded[0].Data, plain) {
			t.Fatalf("ours does not read theirs: %v", err)
		}
	}
}
