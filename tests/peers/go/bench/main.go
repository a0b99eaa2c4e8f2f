// Command bench measures tdc and its peers in Go, alternating in one run: the
// median of several rounds of each. It prints a table and writes a JSON line
// for each case.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/tests/peers/go/peer"
)

const keyID, key = "test-key-id", "test-key-test-key-test-key-test!"

const encryptConfig = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
`

const zlibConfig = `version: 1
codecs: [zlib: { level: %d }]
`

// result is one line of the file, in the format that all languages share.
type result struct {
	Lang   string  `json:"lang"`
	Op     string  `json:"op"`
	Codec  string  `json:"codec"`
	Size   int     `json:"size"`
	Batch  int     `json:"batch"`
	TdcNs  float64 `json:"tdc_ns"`
	Peer   string  `json:"peer"`
	PeerNs float64 `json:"peer_ns"`
	Ratio  float64 `json:"ratio"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	out := flag.String("out", "", "write a JSON line for each case to this file")
	only := flag.String("only", "", "only the cases whose name contains this, such as encode/encrypt/1024")
	level := flag.Int("zlib-level", 6, "tdc's level; Go's codec always takes 6")
	quick := flag.Bool("quick", false, "fewer and shorter rounds")
	flag.Parse()
	timing := timing{rounds: 15, round: 20 * time.Millisecond}
	if *quick {
		timing.rounds, timing.round = 7, 4*time.Millisecond
	}

	groups, done, err := newGroups(*level)
	if err != nil {
		return err
	}
	defer done()
	sink := bufio.NewWriter(os.Stdout)
	if *out != "" {
		file, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer file.Close()
		sink = bufio.NewWriter(file)
	}
	fmt.Fprintf(os.Stderr, "%-28s %10s   %s\n", "ns a payload", "tdc", "peers (ratio)")
	for _, g := range groups {
		for _, op := range []string{"encode", "decode"} {
			for _, batch := range []int{1, 32} {
				for _, size := range g.sizes {
					name := fmt.Sprintf("%s/%s/%d x%d", op, g.codec, size, batch)
					if !strings.Contains(name, *only) {
						continue
					}
					results, err := g.measure(op, size, batch, timing)
					if err != nil {
						return fmt.Errorf("%s: %w", name, err)
					}
					fmt.Fprintf(os.Stderr, "%-28s %10.0f  ", name, results[0].TdcNs)
					for _, r := range results {
						fmt.Fprintf(os.Stderr, " %s %.0f (%.2fx)", r.Peer, r.PeerNs, r.Ratio)
						if err := json.NewEncoder(sink).Encode(r); err != nil {
							return err
						}
					}
					fmt.Fprintln(os.Stderr, g.note(size))
				}
			}
		}
	}
	return sink.Flush()
}

// A group is one of tdc's codecs and the peers that do the same.
type group struct {
	codec string
	sizes []int
	text  func(size int) []byte
	tdc   converter.PayloadCodec
	peers []named
}

type named struct {
	name  string
	codec converter.PayloadCodec
}

func newGroups(level int) (groups []group, done func(), err error) {
	encrypt, err := tdc.Parse([]byte(encryptConfig), ".")
	if err != nil {
		return nil, nil, err
	}
	compress, err := tdc.Parse(fmt.Appendf(nil, zlibConfig, level), ".")
	if err != nil {
		return nil, nil, err
	}
	tuned, err := peer.NewTuned(keyID, []byte(key))
	if err != nil {
		return nil, nil, err
	}
	groups = []group{{
		codec: "encrypt",
		sizes: []int{64, 1 << 10, 8 << 10, 64 << 10, 1 << 20},
		text:  randomJSON,
		tdc:   encrypt.PayloadCodec(),
		peers: []named{{"sample", &peer.Sample{KeyID: keyID, Key: []byte(key)}}, {"tuned", tuned}},
	}, {
		codec: "zlib",
		sizes: []int{1 << 10, 8 << 10, 64 << 10, 1 << 20},
		text:  orders,
		tdc:   compress.PayloadCodec(),
		peers: []named{{"zlib", converter.NewZlibCodec(converter.ZlibCodecOptions{})}},
	}}
	return groups, func() { _, _ = encrypt.Close(), compress.Close() }, nil
}

// measure times tdc and each peer on a batch of payloads of their own making.
func (g group) measure(op string, size, batch int, timing timing) ([]result, error) {
	contestants := append([]named{{"tdc", g.tdc}}, g.peers...)
	calls := make([]func() error, len(contestants))
	for i, c := range contestants {
		input := g.payloads(size, batch)
		call := c.codec.Encode
		if op == "decode" {
			encoded, err := c.codec.Encode(input)
			if err != nil {
				return nil, err
			}
			input, call = encoded, c.codec.Decode
		}
		calls[i] = func() error {
			_, err := call(input)
			return err
		}
	}
	medians, err := timing.alternate(calls)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(g.peers))
	for i, p := range g.peers {
		results[i] = result{
			Lang: "go", Op: op, Codec: g.codec, Size: size, Batch: batch,
			TdcNs: medians[0] / float64(batch), Peer: p.name, PeerNs: medians[i+1] / float64(batch),
			Ratio: medians[i+1] / medians[0],
		}
	}
	return results, nil
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

// note says what a compressor reached, for a comparison at the same ratio.
func (g group) note(size int) string {
	if g.codec != "zlib" {
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
