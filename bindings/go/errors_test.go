//go:build cgo

package tdc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// allCodes are the codes in the header, except the two statuses that are not errors.
func allCodes(t *testing.T) map[string]Code {
	t.Helper()
	header, err := os.ReadFile("../../include/tdc.h")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]Code{}
	for _, m := range regexp.MustCompile(`(?m)^#define (TDC_(?:ERR_\w+|\w+_NEEDED)) (\d+)`).FindAllStringSubmatch(string(header), -1) {
		number, err := strconv.ParseUint(m[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		codes[m[1]] = Code(number)
	}
	if len(codes) < 20 {
		t.Fatalf("found only %d codes in the header", len(codes))
	}
	return codes
}

func TestEveryCodeOfTheHeaderIsHere(t *testing.T) {
	for name, code := range allCodes(t) {
		if code.String() != name {
			t.Errorf("%d: got %s, want %s", code, code, name)
		}
		if _, transient := code.entry(); transient != isTransient(uint32(code)) {
			t.Errorf("%s: transient is %v here and not in the library", name, transient)
		}
	}
	known := 0
	for number := range Code(1000) {
		if name, _ := number.entry(); name != "" {
			known++
		}
	}
	if known != len(allCodes(t)) {
		t.Errorf("%d codes here, %d in the header", known, len(allCodes(t)))
	}
}

func TestErrorsAreAskedForByCode(t *testing.T) {
	err := fmt.Errorf("more: %w", newError(ErrLimit, 3, "too long"))
	if !errors.Is(err, ErrLimit) || errors.Is(err, ErrProtobuf) || errors.Is(err, io.EOF) {
		t.Error("errors.Is does not go by the code")
	}
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrLimit || e.Name != "TDC_ERR_LIMIT" {
		t.Errorf("got %+v", e)
	}
}

func TestTextsOfErrors(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{newError(ErrLimit, 3, "too long"), "tdc: TDC_ERR_LIMIT: payloads[3]: too long"},
		{newError(ErrConfig, -1, "line 2"), "tdc: TDC_ERR_CONFIG: line 2"},
		{newError(ErrPanic, -1, ""), "tdc: TDC_ERR_PANIC"},
		{newError(Code(999), -1, ""), "tdc: TDC_STATUS_999"},
		{ErrAuthentication, "tdc: TDC_ERR_AUTHENTICATION"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
