//go:build cgo

package tdc

import (
	"fmt"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
)

func BenchmarkEncode(b *testing.B) {
	for _, size := range []int{64, 8 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			codec := parse(b, encryptConfig).PayloadCodec()
			payloads := []*commonpb.Payload{jsonPayload(text(size))}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(payloads); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []int{64, 8 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			codec := parse(b, encryptConfig).PayloadCodec()
			encoded := encodeAll(b, codec, jsonPayload(text(size)))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode(encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
