//go:build cgo

package tdc

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// withClients loads the clients again, from this file.
func withClients(t *testing.T, file string) {
	t.Helper()
	forget := func() {
		clients.Lock()
		defer clients.Unlock()
		clients.loaded = false
	}
	t.Setenv("TDC_KEYS_LIBRARY", file)
	forget()
	t.Cleanup(forget)
}

// builtClients is a library of testdata with this version of its C ABI.
func builtClients(t *testing.T, version string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "clients.so")
	compiler := cmp.Or(os.Getenv("CC"), "cc")
	output, err := exec.Command(compiler, "-shared", "-fPIC", "-DVERSION="+version, "-o", file, "testdata/clients.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return file
}

func TestClientsOfTheLibraryAnswerWhereThereIsNoServiceOfTheProgram(t *testing.T) {
	withClients(t, builtClients(t, "1"))
	before := jsonPayload(`"x"`)
	encoded := encodeAll(t, parse(t, serviceConfig("")).PayloadCodec(), before, jsonPayload(`"y"`))
	isEnvelope(t, encoded...)
	decoded := decodeAll(t, parse(t, serviceConfig("")).PayloadCodec(), encoded...)
	if !proto.Equal(decoded[0], before) {
		t.Errorf("got %v", decoded)
	}
}

func TestMissingClientsAreATransientErrorThatSaysWhatToDo(t *testing.T) {
	tests := map[string]string{
		filepath.Join(t.TempDir(), "none.so"): "install it",
		builtClients(t, "7"):                  "version 7",
	}
	for file, want := range tests {
		withClients(t, file)
		_, err := parse(t, serviceConfig("")).DataConverter().ToPayload("x")
		var e *Error
		if !errors.As(err, &e) || e.Code != ErrKeyService || !e.Transient || !strings.Contains(e.Message, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
