package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/temporal-data-converter/tdc/bindings/go"
)

// peakOf is how many bytes a decoder of a history takes at most beside the
// history itself, of the process's resident memory. It decodes in a process of
// its own: this one has memory to spare from what it did before.
func peakOf(who, form string, history []byte) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	command := exec.Command(self, "-peak", who+"/"+form)
	command.Stdin = bytes.NewReader(history)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return 0, fmt.Errorf("the process that measures memory: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

// printPeak is that process: what is "tdc/history" for example. The history comes
// on standard input.
func printPeak(what string) error {
	who, form, _ := strings.Cut(what, "/")
	t, err := tdc.Parse([]byte(encryptConfig), ".")
	if err != nil {
		return err
	}
	defer t.Close()
	decode := visitorOf(form)
	if who == "tdc" {
		decode = func(history []byte) ([]byte, error) { return t.DecodeHistory(history) }
	}
	// What is linked and planned at the first call is not the history's.
	few, err := encryptedHistory(6)
	if err != nil {
		return err
	}
	small, err := formOf(form, few)
	if err != nil {
		return err
	}
	if _, err := decode(small); err != nil {
		return err
	}
	var input bytes.Buffer
	if _, err := input.ReadFrom(os.Stdin); err != nil {
		return err
	}
	debug.FreeOSMemory()
	// From here on the high-water mark is that of this call.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	before, err := memoryOf("VmRSS")
	if err != nil {
		return err
	}
	answer, err := decode(input.Bytes())
	if err != nil {
		return err
	}
	peak, err := memoryOf("VmHWM")
	if err != nil {
		return err
	}
	if len(answer) == 0 || input.Len() == 0 {
		return fmt.Errorf("nothing was decoded")
	}
	fmt.Println(peak - before)
	return nil
}

// memoryOf reads a line of /proc/self/status, in bytes.
func memoryOf(name string) (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name+":" {
			kilobytes, err := strconv.Atoi(fields[1])
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", name)
}
