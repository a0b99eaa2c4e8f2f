package main

import (
	"runtime"
	"slices"
	"time"
)

// timing is how long to measure.
type timing struct {
	rounds int
	round  time.Duration
}

// alternate runs every contestant in turn, round after round, so that what the
// machine does meanwhile meets them all, and gives the median of each in
// nanoseconds.
func (t timing) alternate(calls []contestant) ([]float64, error) {
	counts := make([]int, len(calls))
	rounds := t.rounds
	for i, call := range calls {
		took, err := repeat(call, 1)
		if err != nil {
			return nil, err
		}
		for counts[i] = 1; took < t.round/4; {
			counts[i] *= 2
			if took, err = repeat(call, counts[i]); err != nil {
				return nil, err
			}
		}
		if took > 8*t.round {
			rounds = min(rounds, 3) // a single call is long enough to be even in itself
		}
		counts[i] = max(1, int(float64(counts[i])*float64(t.round)/float64(took)))
	}
	samples := make([][]float64, len(calls))
	for range rounds {
		for i, call := range calls {
			runtime.GC() // nobody pays for the garbage of another
			took, err := repeat(call, counts[i])
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], float64(took.Nanoseconds())/float64(counts[i]))
		}
	}
	medians := make([]float64, len(calls))
	for i, s := range samples {
		slices.Sort(s)
		medians[i] = s[len(s)/2]
	}
	return medians, nil
}

func repeat(one contestant, n int) (time.Duration, error) {
	if one.before != nil {
		return repeatReady(one, n)
	}
	start := time.Now()
	for range n {
		if err := one.call(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// repeatReady leaves out what goes before each call.
func repeatReady(one contestant, n int) (took time.Duration, err error) {
	for range n {
		one.before()
		start := time.Now()
		if err := one.call(); err != nil {
			return 0, err
		}
		took += time.Since(start)
	}
	return took, nil
}
