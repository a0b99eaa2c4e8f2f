//go:build cgo

package tdc

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// tdcServe starts the codec server "tdc serve" with the given configuration, and returns its
// address.
func tdcServe(t *testing.T, config string) string {
	t.Helper()
	return "http://" + tdcServeIn(t, t.TempDir(), config)
}

// tdcServeIn does the same in a folder with more files; the address is host and port.
func tdcServeIn(t *testing.T, dir, config string) string {
	t.Helper()
	program, err := filepath.Abs("../../target/release/tdc")
	if err != nil {
		t.Fatal(err)
	}
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
			// It writes its audit log there, and blocks if nothing reads it.
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return line.Address
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

func TestServerOfAPrivateAuthority(t *testing.T) {
	dir := t.TempDir()
	trusted := x509.NewCertPool()
	trusted.AddCert(privateAuthority(t, dir))
	url := "https://" + tdcServeIn(t, dir, encryptConfig+"server: { tls: { cert: server.crt, key: server.key } }\n")

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	near := parse(t, remoteConfig(url, ""), WithHTTPClient(&http.Client{Transport: transport})).PayloadCodec()
	want := inJSON(corpus())
	encoded := encodeAll(t, near, want...)
	for _, reader := range []converter.PayloadCodec{near, parse(t, encryptConfig).PayloadCodec()} {
		for i, p := range decodeAll(t, reader, encoded...) {
			if !proto.Equal(p, want[i]) {
				t.Errorf("payloads[%d] came back different", i)
			}
		}
	}

	another := x509.NewCertPool()
	another.AddCert(privateAuthority(t, t.TempDir()))
	for name, client := range map[string]*http.Client{
		"the machine's authorities": nil,
		"another authority":         {Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: another}}},
	} {
		var options []Option
		if client != nil {
			options = append(options, WithHTTPClient(client))
		}
		_, err := parse(t, remoteConfig(url, ""), options...).PayloadCodec().Encode(want)
		var e *Error
		if !errors.As(err, &e) || e.Code != ErrRemote || !e.Transient || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// privateAuthority makes an authority and writes a certificate of it for loopback,
// server.crt, with its key, server.key.
func privateAuthority(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	authority.Subject.CommonName = "a private authority"
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed := func(certificate, parent *x509.Certificate, public any, key *ecdsa.PrivateKey) []byte {
		t.Helper()
		bytes, err := x509.CreateCertificate(rand.Reader, certificate, parent, public, key)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	root, err := x509.ParseCertificate(signed(authority, authority, keys[0].Public(), keys[0]))
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(keys[1])
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: signed(server, root, keys[1].Public(), keys[0])},
		"server.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		write(t, filepath.Join(dir, name), string(pem.EncodeToMemory(block)))
	}
	return root
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
