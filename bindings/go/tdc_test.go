//go:build cgo

package tdc

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

func TestOpenReadsKeysBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.key"), "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=\n")
	path := filepath.Join(dir, "tdc.yaml")
	write(t, path, "version: 1\nkeys: { primary: test-key-id, ring: { test-key-id: { file: one.key } } }\ncodecs: [encrypt]\n")
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	encoded := encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
	if got := decodeAll(t, parse(t, encryptConfig).PayloadCodec(), encoded...); !proto.Equal(got[0], jsonPayload("1")) {
		t.Errorf("got %v", got[0])
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "absent.yaml"))
	var e *Error
	if !errors.As(err, &e) || e.PayloadIndex != -1 || !strings.Contains(e.Message, "absent.yaml") {
		t.Errorf("got %v", err)
	}
	for _, config := range []string{"", "version: 1\ncodecs: [rot13]\n", "version: 1\ncodecs: [encrypt]\n"} {
		if opened, err := Parse([]byte(config), "."); !errors.Is(err, ErrConfig) || opened != nil {
			t.Errorf("%q: got %v", config, err)
		}
	}
}

func TestNamespaceIsGivenAtOpenOrByTheContext(t *testing.T) {
	const config = `version: 1
keys: { primary: test-key-id, ring: { test-key-id: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
namespaces:
  - { match: "orders-*", codecs: [encrypt] }
`
	p := []*commonpb.Payload{jsonPayload("1")}
	if _, err := parse(t, config).PayloadCodec().Encode(p); !errors.Is(err, ErrNamespace) {
		t.Errorf("without a namespace: got %v", err)
	}
	if _, err := parse(t, config, WithNamespace("orders-eu")).PayloadCodec().Encode(p); err != nil {
		t.Error(err)
	}
	codec := parse(t, config, WithNamespace("elsewhere")).PayloadCodec().(*payloadCodec)
	contexts := []converter.SerializationContext{
		converter.WorkflowSerializationContext{Namespace: "orders-eu", WorkflowID: "w"},
		converter.ActivitySerializationContext{Namespace: "orders-eu", ActivityType: "a", IsLocal: true},
	}
	for _, sc := range contexts {
		if _, err := codec.WithSerializationContext(sc).Encode(p); err != nil {
			t.Errorf("%T: %v", sc, err)
		}
	}
}

func TestReloadReadsKeysAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tdc.yaml")
	write(t, path, strings.ReplaceAll(encryptConfig, testKeyID, "old"))
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	write(t, path, strings.ReplaceAll(encryptConfig, testKeyID, strings.Repeat("new", 20)))
	if err := opened.Reload(); err != nil {
		t.Fatal(err)
	}
	encoded := encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
	if got := string(encoded[0].Metadata["encryption-key-id"]); got != strings.Repeat("new", 20) {
		t.Errorf("got the key %s", got)
	}
	write(t, path, "version: 2\n")
	if err := opened.Reload(); !errors.Is(err, ErrConfig) {
		t.Errorf("got %v", err)
	}
	decodeAll(t, opened.PayloadCodec(), encoded...)
}

func TestCloseIsIdempotentAndLaterCallsAreErrors(t *testing.T) {
	opened := parse(t, encryptConfig)
	codec, values, failures := opened.PayloadCodec(), opened.DataConverter(), opened.FailureConverter()
	for range 3 {
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := codec.Encode([]*commonpb.Payload{jsonPayload("1")}); !errors.Is(err, ErrClosed) {
		t.Errorf("Encode: got %v", err)
	}
	if _, err := values.ToPayload("x"); !errors.Is(err, ErrClosed) {
		t.Errorf("ToPayload: got %v", err)
	}
	if err := opened.Reload(); !errors.Is(err, ErrClosed) {
		t.Errorf("Reload: got %v", err)
	}
	if err := failures.FailureToError(&failurepb.Failure{Message: "x"}); !errors.Is(err, ErrClosed) || !strings.HasPrefix(err.Error(), "x") {
		t.Errorf("FailureToError: got %v", err)
	}
	if err := opened.DecodeMessage(&historypb.History{}); !errors.Is(err, ErrClosed) {
		t.Errorf("DecodeMessage: got %v", err)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ErrClosed) {
			t.Errorf("ErrorToFailure: got %v", err)
		}
	}()
	opened.FailureConverter().ErrorToFailure(errors.New("x")) // the SDK's interface has no other way to say no
}

func TestCloseDuringCallsLetsThemEnd(t *testing.T) {
	payloads := []*commonpb.Payload{jsonPayload(text(100)), jsonPayload(text(100_000))}
	for range 50 {
		opened := parse(t, encryptConfig)
		codec := opened.PayloadCodec()
		var wait, started sync.WaitGroup
		started.Add(4)
		for range 4 {
			start(&wait, func() {
				encodeAll(t, codec, payloads...)
				started.Done()
				for {
					encoded, err := codec.Encode(payloads)
					if err == nil && len(encoded) == len(payloads) {
						continue
					}
					if !errors.Is(err, ErrClosed) {
						t.Errorf("got %v", err)
					}
					return
				}
			})
		}
		started.Wait()
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
		wait.Wait()
		if got := opened.handle.users.Load(); got != 0 {
			t.Fatalf("%d users left", got)
		}
	}
}

func TestUnreachableTdcIsClosed(t *testing.T) {
	opened, err := Parse([]byte(encryptConfig), ".")
	if err != nil {
		t.Fatal(err)
	}
	inner := opened.handle
	encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
	opened = nil
	for range 100 {
		runtime.GC()
		if inner.closed.Load() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("still open")
}

func TestCodecKeepsItsTdcOpen(t *testing.T) {
	opened, err := Parse([]byte(encryptConfig), ".")
	if err != nil {
		t.Fatal(err)
	}
	codec := opened.PayloadCodec()
	opened = nil
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	encodeAll(t, codec, jsonPayload("1"))
}
