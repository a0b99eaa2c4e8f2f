//go:build cgo

package tdc

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// tdcServe starts the codec server "tdc serve" with the given configuration, and
// gives its address.
func tdcServe(t *testing.T, config string) string {
	t.Helper()
	program, err := filepath.Abs("../../target/release/tdc")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tdc.yaml"), config)
	server := exec.Command(program, "serve", "--config", "tdc.yaml", "--listen", "127.0.0.1:0")
	server.Dir = dir
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("%v: cargo build --release makes it", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Address string }
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Address != "" {
			// It writes its audit log there, and stops where nobody reads that.
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return "http://" + line.Address
		}
	}
	t.Fatal("tdc serve does not listen")
	return ""
}

func TestOurServerAndAWorkerWithTheKeyUnderstandEachOther(t *testing.T) {
	near := parse(t, remoteConfig(tdcServe(t, encryptConfig), "")).PayloadCodec()
	withKey := parse(t, chainConfig).PayloadCodec()
	want := inJSON(corpus())
	for name, way := range map[string]struct{ from, to converter.PayloadCodec }{
		"back":    {near, near},
		"to us":   {near, withKey},
		"from us": {withKey, near},
	} {
		encoded := encodeAll(t, way.from, want...)
		for i, p := range encoded {
			if got := string(p.Metadata[converter.MetadataEncoding]); got != "binary/encrypted" {
				t.Errorf("%s: payloads[%d]: encoding %q", name, i, got)
			}
		}
		for i, p := range decodeAll(t, way.to, encoded...) {
			if !proto.Equal(p, want[i]) {
				t.Errorf("%s: payloads[%d] came back different", name, i)
			}
		}
	}

	broken := encodeAll(t, withKey, jsonPayload("1"), jsonPayload("2"))
	broken[1].Data[20] ^= 1
	_, err := near.Decode([]*commonpb.Payload{jsonPayload("0"), broken[0], broken[1]})
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrRemoteRefused || e.PayloadIndex != 2 || e.Transient {
		t.Errorf("got %+v", err)
	}
}

// The SDK's own clients of a codec server.
func TestRemoteConvertersOfTheSDKUnderstandOurServer(t *testing.T) {
	endpoint := tdcServe(t, encryptConfig)
	withKey := parse(t, encryptConfig)

	values := converter.NewRemoteDataConverter(converter.GetDefaultDataConverter(), converter.RemoteDataConverterOptions{
		Endpoint:      endpoint,
		ModifyRequest: func(r *http.Request) error { r.Header.Set("X-Namespace", "orders"); return nil },
	})
	payloads, err := values.ToPayloads("a secret", 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, reader := range []converter.DataConverter{values, withKey.DataConverter()} {
		var text string
		var number int
		var nothing *int
		if err := reader.FromPayloads(payloads, &text, &number, &nothing); err != nil || text != "a secret" || number != 7 || nothing != nil {
			t.Errorf("got %q, %d, %v, %v", text, number, nothing, err)
		}
	}

	codec := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{Endpoint: endpoint})
	want := []*commonpb.Payload{jsonPayload("1"), jsonPayload(text(100_000)), {Metadata: map[string][]byte{"encoding": []byte("binary/null")}}}
	for i, p := range decodeAll(t, codec, encodeAll(t, withKey.PayloadCodec(), want...)...) {
		if !proto.Equal(p, want[i]) {
			t.Errorf("payloads[%d] came back different", i)
		}
	}
	for i, p := range decodeAll(t, withKey.PayloadCodec(), encodeAll(t, codec, want...)...) {
		if !proto.Equal(p, want[i]) {
			t.Errorf("payloads[%d] came back different", i)
		}
	}
}
