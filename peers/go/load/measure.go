package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
)

// figures are what one server did in one case.
type figures struct {
	Rate float64 `json:"requests_per_second"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	CPU  float64 `json:"cpu_us_per_request"`
}

// alternate measures every server in turn, round after round, and gives the
// median of each figure.
func alternate(servers []*server, body []byte, connections, rounds int, round time.Duration) ([]figures, error) {
	found := make([][]figures, len(servers))
	for r := range rounds + 1 {
		for i, s := range servers {
			f, err := measure(s, body, connections, round, false)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if r > 0 { // the first one is to get warm
				found[i] = append(found[i], f)
			}
		}
	}
	medians := make([]figures, len(servers))
	for i, all := range found {
		median := func(of func(figures) float64) float64 {
			values := make([]float64, len(all))
			for j, f := range all {
				values[j] = of(f)
			}
			slices.Sort(values)
			return values[len(values)/2]
		}
		medians[i] = figures{
			median(func(f figures) float64 { return f.Rate }), median(func(f figures) float64 { return f.P50 }),
			median(func(f figures) float64 { return f.P99 }), median(func(f figures) float64 { return f.CPU }),
		}
	}
	return medians, nil
}

// measure sends the body over and over, one request after the other on each
// connection. With mayRefuse an answer of 503 is fine.
func measure(s *server, body []byte, connections int, round time.Duration, mayRefuse bool) (figures, error) {
	request := fmt.Appendf(nil, "POST /decode HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s.address, len(body), body)
	before, err := s.cpu()
	if err != nil {
		return figures{}, err
	}
	var (
		lock  sync.Mutex
		took  []time.Duration
		wrong error
		group sync.WaitGroup
	)
	start := time.Now()
	end := start.Add(round)
	for range connections {
		group.Go(func() {
			own, err := connection(s.address, request, end, mayRefuse)
			lock.Lock()
			defer lock.Unlock()
			took = append(took, own...)
			if err != nil {
				wrong = err
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	after, err := s.cpu()
	if err == nil {
		err = wrong
	}
	if err != nil || len(took) == 0 {
		return figures{}, err
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1e3
	}
	n := float64(len(took))
	return figures{n / elapsed.Seconds(), at(0.5), at(0.99), float64((after - before).Microseconds()) / n}, nil
}

func connection(address string, request []byte, end time.Time, mayRefuse bool) (took []time.Duration, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	reader := bufio.NewReaderSize(c, 64<<10)
	first := true
	for {
		began := time.Now()
		if began.After(end) {
			return took, nil
		}
		if _, err := c.Write(request); err != nil {
			if mayRefuse { // a refusal ends the connection
				return took, nil
			}
			return took, err
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			if mayRefuse {
				return took, nil
			}
			return took, err
		}
		if answer.StatusCode != http.StatusOK && !(mayRefuse && answer.StatusCode == http.StatusServiceUnavailable) {
			return took, fmt.Errorf("status %d", answer.StatusCode)
		}
		if first && answer.StatusCode == http.StatusOK {
			first = false
			text, err := io.ReadAll(answer.Body)
			// base64 of the plaintext's beginning, and of json/plain
			if err != nil || !bytes.Contains(text, []byte("InBheWxvYWQg")) || !bytes.Contains(text, []byte("anNvbi9wbGFpbg==")) {
				return took, fmt.Errorf("this is not the plaintext: %.200s", text)
			}
		} else if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
		if answer.Close {
			return took, nil
		}
	}
}

// plain is what the servers are to find: texts of the size that is measured,
// each one different.
func plain(batch int) ([]*commonpb.Payload, error) {
	payloads := make([]*commonpb.Payload, batch)
	for i := range payloads {
		text := fmt.Sprintf("\"payload %06d ", i)
		for len(text) < payloadSize-1 {
			text += string(rune('a' + len(text)%26))
		}
		payloads[i] = &commonpb.Payload{
			Metadata: map[string][]byte{"encoding": []byte("json/plain")},
			Data:     []byte(text + "\""),
		}
	}
	return payloads, nil
}
