// Command load measures codec servers under load, alternating in one run: tdc
// serve, the Go SDK's own handler with the sample codec (go-handler), and a
// server of aiohttp after the Python sample's description (python-server).
//
//	load --tdc target/release/tdc [--python "python server.py"] [--quick] --out FILE
//	load handler ADDRESS        the peer in Go, in a process of its own
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"

	"github.com/temporal-data-converter/tdc/peers/go/peer"
)

const keyID, key = "test-key-id", "test-key-test-key-test-key-test!"

const config = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
server: { audit: { file: /dev/null }, limits: { concurrency: %d } }
`

// payloadSize is the data of each payload, in bytes.
const payloadSize = 1024

// result is one line of the file: what the languages' benches share, and what
// a server has besides.
type result struct {
	Lang        string  `json:"lang"`
	Op          string  `json:"op"`
	Codec       string  `json:"codec"`
	Size        int     `json:"size"`
	Batch       int     `json:"batch"`
	TdcNs       float64 `json:"tdc_ns"`
	Peer        string  `json:"peer"`
	PeerNs      float64 `json:"peer_ns"`
	Ratio       float64 `json:"ratio"`
	Connections int     `json:"connections"`
	Tdc         figures `json:"tdc"`
	PeerFigures figures `json:"peer_figures"`
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "handler" {
		codec := &peer.Sample{KeyID: keyID, Key: []byte(key)}
		fail(http.ListenAndServe(os.Args[2], converter.NewPayloadCodecHTTPHandler(codec)))
	}
	tdc := flag.String("tdc", "target/release/tdc", "the binary of tdc")
	python := flag.String("python", "", "the command of the server in Python; none: it is left out")
	out := flag.String("out", "", "write a JSON line for each case to this file")
	quick := flag.Bool("quick", false, "fewer and shorter rounds")
	flag.Parse()
	rounds, round := 5, 2*time.Second
	if *quick {
		rounds, round = 3, 700*time.Millisecond
	}
	fail(run(*tdc, *python, *out, rounds, round))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(tdc, python, out string, rounds int, round time.Duration) error {
	servers, stop, err := start(tdc, python)
	defer stop()
	if err != nil {
		return err
	}
	lines := &strings.Builder{}
	fmt.Println("payloads  connections  server         requests/s    p50 ms    p99 ms   CPU µs/request")
	for _, batch := range []int{1, 20} {
		body, err := encrypted(batch)
		if err != nil {
			return err
		}
		for _, connections := range []int{1, 16, 64} {
			found, err := alternate(servers, body, connections, rounds, round)
			if err != nil {
				return err
			}
			for i, s := range servers {
				fmt.Printf("%8d %12d  %-14s %10.0f %9.2f %9.2f %16.1f\n", batch, connections, s.name,
					found[i].Rate, found[i].P50, found[i].P99, found[i].CPU)
				if i > 0 {
					line := result{"server", "decode", "encrypt", payloadSize, batch, 1e9 / found[0].Rate, s.name,
						1e9 / found[i].Rate, found[0].Rate / found[i].Rate, connections, found[0], found[i]}
					if err := json.NewEncoder(lines).Encode(line); err != nil {
						return err
					}
				}
			}
		}
	}
	if err := memory(tdc); err != nil {
		return err
	}
	if out == "" {
		return nil
	}
	return os.WriteFile(out, []byte(lines.String()), 0o644)
}

// memory shows that what a server needs is bounded by its concurrency: 64
// connections that send 1 MiB each, at two settings.
func memory(tdc string) error {
	body, err := encrypted(700) // some 1 MiB as JSON
	if err != nil {
		return err
	}
	for _, concurrency := range []int{4, 64} {
		s, err := startTdc(tdc, concurrency)
		if err != nil {
			return err
		}
		_, err = measure(s, body, 64, 2*time.Second, true)
		peak := s.peak()
		s.stop()
		if err != nil {
			return err
		}
		fmt.Printf("memory: 64 connections, bodies of %.1f MiB, server.limits.concurrency %d: at most %.0f MiB\n",
			float64(len(body))/(1<<20), concurrency, peak)
	}
	return nil
}

// encrypted is a request's body: as many payloads, encrypted by the sample.
func encrypted(batch int) ([]byte, error) {
	payloads, err := plain(batch)
	if err != nil {
		return nil, err
	}
	encoded, err := (&peer.Sample{KeyID: keyID, Key: []byte(key)}).Encode(payloads)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"payloads": encoded})
}
