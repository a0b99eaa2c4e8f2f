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
	"runtime/debug"
	"strings"
	"time"
)

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
	peak := flag.String("peak", "", "print how much memory this takes, tdc/history for example, of the history on standard input")
	quick := flag.Bool("quick", false, "fewer and shorter rounds")
	flag.Parse()
	if *peak != "" {
		return printPeak(*peak)
	}
	// As often as in a worker with 16 MiB in use: at the 4 MiB of this program, collections that begin
	// in the turn of one side make single cells up to half as fast.
	debug.SetGCPercent(400)
	timing := timing{rounds: 15, round: 20 * time.Millisecond}
	if *quick {
		timing.rounds, timing.round = 7, 4*time.Millisecond
	}

	contests, done, err := newContests(*level)
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
	fmt.Fprintf(os.Stderr, "%-34s %10s   %s\n", "ns a payload", "tdc", "peers (ratio)")
	for _, c := range contests {
		name := fmt.Sprintf("%s/%s/%d x%d", c.op, c.codec, c.size, c.batch)
		if !strings.Contains(name, *only) {
			continue
		}
		results, note, err := c.measure(timing)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "%-34s %10.0f  ", name, results[0].TdcNs)
		for _, r := range results {
			fmt.Fprintf(os.Stderr, " %s %.0f (%.2fx)", r.Peer, r.PeerNs, r.Ratio)
			if err := json.NewEncoder(sink).Encode(r); err != nil {
				return err
			}
		}
		fmt.Fprintln(os.Stderr, note)
	}
	return sink.Flush()
}

// A contest is one case: what tdc and its peers do in turn.
type contest struct {
	op, codec   string
	size, batch int
	// prepare gives tdc, then its peers, and what is to be said beside their times.
	prepare func() (contestants []contestant, note string, err error)
}

type contestant struct {
	name string
	call func() error
	// before, if there is one, makes ready for each call, outside of the time.
	before func()
}

// measure times tdc and each peer.
func (c contest) measure(timing timing) ([]result, string, error) {
	contestants, note, err := c.prepare()
	if err != nil {
		return nil, "", err
	}
	medians, err := timing.alternate(contestants)
	if err != nil {
		return nil, "", err
	}
	var results []result
	for i, peer := range contestants[1:] {
		results = append(results, result{
			Lang: "go", Op: c.op, Codec: c.codec, Size: c.size, Batch: c.batch,
			TdcNs: medians[0] / float64(c.batch), Peer: peer.name, PeerNs: medians[i+1] / float64(c.batch),
			Ratio: medians[i+1] / medians[0],
		})
	}
	return results, note, nil
}

// newContests opens what the cases need and gives all of them.
func newContests(level int) (contests []contest, done func(), err error) {
	var opened closers
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	for _, open := range []func(*closers) ([]contest, error){
		func(c *closers) ([]contest, error) { return codecContests(c, level) },
		messageContests,
		historyContests,
	} {
		more, err := open(&opened)
		if err != nil {
			return nil, nil, err
		}
		contests = append(contests, more...)
	}
	return contests, opened.close, nil
}

// closers are what is to be closed at the end.
type closers []func()

func (c *closers) add(closer func()) { *c = append(*c, closer) }

func (c *closers) close() {
	for _, closer := range *c {
		closer()
	}
}
