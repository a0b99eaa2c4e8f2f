//go:build !cgo

package tdc

import (
	"errors"
	"testing"
)

func TestWithoutCgoOpeningSaysWhatIsMissing(t *testing.T) {
	if opened, err := Open("tdc.yaml"); !errors.Is(err, ErrNoLibrary) || opened != nil {
		t.Errorf("Open: got %v, %v", opened, err)
	}
	if opened, err := Parse([]byte("version: 1\n"), "."); !errors.Is(err, ErrNoLibrary) || opened != nil {
		t.Errorf("Parse: got %v, %v", opened, err)
	}
}
