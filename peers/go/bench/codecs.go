package main

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/peers/go/peer"
)

const keyID, key = "test-key-id", "test-key-test-key-test-key-test!"

const encryptConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
`

const envelopeConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=, envelope: true } } }
codecs: [encrypt]
`

const zlibConfig = `version: 1
codecs: [zlib: { level: %d }]
`

const msgpackConfig = `version: 1
codecs: [msgpack]
`

// A group is one of tdc's codecs and the peers that do the same.
type group struct {
	codec   string
	ops     []string
	batches []int
	sizes   []int
	text    func(size int) []byte
	tdc     converter.PayloadCodec
	peers   []named
}

type named struct {
	name  string
	codec converter.PayloadCodec
}

// codecContests are tdc's codecs beside codecs of the same formats.
func codecContests(opened *closers, level int) ([]contest, error) {
	tuned, err := peer.NewTuned(keyID, []byte(key))
	if err != nil {
		return nil, err
	}
	plain, err := tdc.Parse([]byte(encryptConfig), ".")
	if err != nil {
		return nil, err
	}
	opened.add(func() { _ = plain.Close() })
	groups := []group{{
		codec:   "encrypt",
		ops:     []string{"encode", "decode"},
		batches: []int{1, 32},
		sizes:   []int{64, 1 << 10, 8 << 10, 64 << 10, 1 << 20},
		text:    randomJSON,
		peers:   []named{{"sample", &peer.Sample{KeyID: keyID, Key: []byte(key)}}, {"tuned", tuned}},
	}, {
		codec:   "envelope", // a data key that a key wraps, beside the key itself
		ops:     []string{"encode", "decode"},
		batches: []int{1, 32},
		sizes:   []int{64, 1 << 10, 64 << 10},
		text:    randomJSON,
		peers:   []named{{"encrypt", plain.PayloadCodec()}},
	}, {
		codec:   "zlib",
		ops:     []string{"encode", "decode"},
		batches: []int{1, 32},
		sizes:   []int{1 << 10, 8 << 10, 64 << 10, 1 << 20},
		text:    orders,
		peers:   []named{{"zlib", converter.NewZlibCodec(converter.ZlibCodecOptions{})}},
	}, {
		codec:   "msgpack",
		ops:     []string{"encode", "decode"},
		batches: []int{1},
		sizes:   []int{1 << 10, 64 << 10},
		text:    orderList,
		peers:   []named{{"msgpack", peer.MessagePack{}}},
	}}
	configs := []string{encryptConfig, envelopeConfig, fmt.Sprintf(zlibConfig, level), msgpackConfig}
	var contests []contest
	for i, g := range groups {
		t, err := tdc.Parse([]byte(configs[i]), ".")
		if err != nil {
			return nil, err
		}
		opened.add(func() { _ = t.Close() })
		g.tdc = t.PayloadCodec()
		for _, op := range g.ops {
			for _, batch := range g.batches {
				for _, size := range g.sizes {
					prepare := func() ([]contestant, string, error) { return g.prepare(op, size, batch) }
					contests = append(contests, contest{op, g.codec, size, batch, prepare})
				}
			}
		}
	}
	return contests, nil
}

// prepare gives tdc and each peer a batch of payloads of their own making.
func (g group) prepare(op string, size, batch int) ([]contestant, string, error) {
	var contestants []contestant
	for _, c := range append([]named{{"tdc", g.tdc}}, g.peers...) {
		input := g.payloads(size, batch)
		call := c.codec.Encode
		if op == "decode" {
			encoded, err := c.codec.Encode(input)
			if err != nil {
				return nil, "", err
			}
			input, call = encoded, c.codec.Decode
		}
		contestants = append(contestants, contestant{name: c.name, call: func() error {
			_, err := call(input)
			return err
		}})
	}
	return contestants, g.note(size), nil
}

func (g group) payloads(size, batch int) []*commonpb.Payload {
	payloads := make([]*commonpb.Payload, batch)
	for i := range payloads {
		payloads[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
			Data:     g.text(size),
		}
	}
	return payloads
}

// note says what was reached where the length of the answer is part of the
// contest: a compressor's is only worth comparing at the same ratio.
func (g group) note(size int) string {
	if g.codec == "encrypt" || g.codec == "envelope" {
		return ""
	}
	reached := func(codec converter.PayloadCodec) int {
		encoded, err := codec.Encode(g.payloads(size, 1))
		if err != nil {
			return -1
		}
		return len(encoded[0].Data)
	}
	return fmt.Sprintf("   bytes: tdc %d, peer %d", reached(g.tdc), reached(g.peers[0].codec))
}
