//go:build cgo

package tdc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// remoteConfig ends its codecs at a server. options begin with a comma.
func remoteConfig(url, options string) string {
	return fmt.Sprintf("version: 1\ncodecs: [zstd, remote: { url: %q%s }]\n", url, options)
}

// far is a codec that tdc does not know.
type far struct{}

const farEncoding = "binary/far"

func (far) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		data, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		slices.Reverse(data)
		encoded[i] = &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(farEncoding)}, Data: data}
	}
	return encoded, nil
}

func (far) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if decoded[i] = p; string(p.Metadata[converter.MetadataEncoding]) == farEncoding {
			data := slices.Clone(p.Data)
			slices.Reverse(data)
			decoded[i] = new(commonpb.Payload)
			if err := proto.Unmarshal(data, decoded[i]); err != nil {
				return nil, err
			}
		}
	}
	return decoded, nil
}

// codecServer keeps what it was asked.
type codecServer struct {
	url         string
	mu          sync.Mutex
	requests    []*http.Request // without their bodies
	connections int
	closed      chan struct{} // is not empty once a connection was closed
}

// serving answers by handler; nil is the SDK's own codec server with the codec
// far.
func serving(t *testing.T, handler http.Handler) *codecServer {
	t.Helper()
	if handler == nil {
		handler = converter.NewPayloadCodecHTTPHandler(far{})
	}
	s := &codecServer{closed: make(chan struct{}, 1)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch state {
		case http.StateNew:
			s.connections++
		case http.StateClosed:
			select {
			case s.closed <- struct{}{}:
			default:
			}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// asked is how many requests came since it was last called.
func (s *codecServer) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.requests)
	s.requests = nil
	return n
}

// connected is how many connections there have been.
func (s *codecServer) connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

func isFar(t *testing.T, payloads ...*commonpb.Payload) {
	t.Helper()
	for i, p := range payloads {
		if got := string(p.GetMetadata()[converter.MetadataEncoding]); got != farEncoding {
			t.Errorf("payloads[%d]: encoding %q", i, got)
		}
	}
}

// inJSON is the payloads that JSON, which codec servers speak, can say: it has no
// unknown fields.
func inJSON(payloads []*commonpb.Payload) []*commonpb.Payload {
	return slices.DeleteFunc(payloads, func(p *commonpb.Payload) bool { return len(p.ProtoReflect().GetUnknown()) != 0 })
}

func TestListsFailuresAndMessagesCostOneRequestEach(t *testing.T) {
	server := serving(t, nil)
	opened := parse(t, remoteConfig(server.url, ""))
	for _, payloads := range [][]*commonpb.Payload{corpus()[:1], inJSON(corpus()), {jsonPayload(text(200_000))}} {
		encoded := encodeAll(t, opened.PayloadCodec(), payloads...)
		isFar(t, encoded...)
		for i, p := range decodeAll(t, opened.PayloadCodec(), encoded...) {
			if !proto.Equal(p, payloads[i]) {
				t.Errorf("payloads[%d] came back different", i)
			}
		}
		if n := server.asked(); n != 2 {
			t.Errorf("%d payloads: %d requests", len(payloads), n)
		}
	}
	if got := encodeAll(t, opened.PayloadCodec()); len(got) != 0 || server.asked() != 0 {
		t.Errorf("got %v for no payloads", got)
	}

	message := nested()
	if err := opened.EncodeMessage(message); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(message.String(), "secret input") {
		t.Errorf("readable: %v", message)
	}
	if err := opened.DecodeMessage(message); err != nil || !proto.Equal(message, nested()) {
		t.Errorf("got %v, %v", message, err)
	}
	if n := server.asked(); n != 2 {
		t.Errorf("a message: %d requests", n)
	}

	failure := opened.FailureConverter().ErrorToFailure(temporal.NewApplicationError("no", "Type", "detail", "more"))
	isFar(t, failure.GetApplicationFailureInfo().GetDetails().GetPayloads()...)
	var back *temporal.ApplicationError
	if err := opened.FailureConverter().FailureToError(failure); !errors.As(err, &back) {
		t.Fatalf("got %v", err)
	}
	var detail, more string
	if err := back.Details(&detail, &more); err != nil || detail != "detail" || more != "more" {
		t.Errorf("got %q, %q, %v", detail, more, err)
	}
	if n := server.asked(); n != 2 {
		t.Errorf("a failure: %d requests", n)
	}

	values, err := opened.DataConverter().ToPayloads("a", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	isFar(t, values.Payloads...)
	if n := server.asked(); n != 1 {
		t.Errorf("values: %d requests", n)
	}
}

func TestExportedHistoryCostsOneRequest(t *testing.T) {
	server := serving(t, nil)
	opened := parse(t, remoteConfig(server.url, ""))
	history := nested()
	if err := opened.EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	exported, err := protojson.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	server.asked()
	decoded, err := opened.DecodeHistory(exported)
	if err != nil {
		t.Fatal(err)
	}
	got := new(historypb.History)
	if err := protojson.Unmarshal(decoded, got); err != nil || !proto.Equal(got, nested()) {
		t.Errorf("got %v, %s", err, decoded)
	}
	if n := server.asked(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestRequestsAreThoseOfTheProtocolAndShareConnections(t *testing.T) {
	sdk := converter.NewPayloadCodecHTTPHandler(far{})
	server := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		sdk.ServeHTTP(w, r)
	}))
	opened := parse(t, remoteConfig(server.url+"/{namespace}/codec", `, headers: { X-Team: blue }`), WithNamespace("orders"))
	for range 10 {
		encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
	}
	for _, r := range server.requests {
		if r.Method != http.MethodPost || r.URL.Path != "/orders/codec/encode" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "X-Namespace": "orders", "X-Team": "blue", "Cookie": ""} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: got %q", name, got)
			}
		}
	}
	// On a busy machine it can be more than one: see TestManyGoroutinesShareTheServer.
	if asked, connected := server.asked(), server.connected(); asked != 10 || connected >= asked {
		t.Errorf("%d requests on %d connections", asked, connected)
	}
}

// Each request answers for other payloads, so there is no limit to them.
func TestALongCallAsksManyTimes(t *testing.T) {
	server := serving(t, nil)
	opened := parse(t, remoteConfig(server.url, `, max_request_bytes: 300`))
	payloads := make([]*commonpb.Payload, 60)
	for i := range payloads {
		payloads[i] = jsonPayload(fmt.Sprintf("%q", rand.Text()+strings.Repeat(rand.Text(), 2)))
	}
	encoded := encodeAll(t, opened.PayloadCodec(), payloads...)
	if n := server.asked(); n <= 20 {
		t.Errorf("%d requests", n)
	}
	for i, p := range decodeAll(t, opened.PayloadCodec(), encoded...) {
		if !proto.Equal(p, payloads[i]) {
			t.Errorf("payloads[%d] came back different", i)
		}
	}
}

func TestHeadersOfTheHostGoBeforeThoseOfTheConfiguration(t *testing.T) {
	server := serving(t, nil)
	tokens := 0
	type mark struct{}
	opened := parse(t, remoteConfig(server.url, `, headers: { Authorization: { insecure_inline: old }, X-Team: blue }`),
		WithRemoteHeaders(func(ctx context.Context, url string) (http.Header, error) {
			if ctx.Value(mark{}) == nil || !strings.HasPrefix(url, server.url) {
				t.Errorf("asked with %v for %s", ctx, url)
			}
			tokens++
			return http.Header{"authorization": {fmt.Sprint("Bearer ", tokens)}}, nil
		}))
	ctx := context.WithValue(t.Context(), mark{}, true)
	for range 2 {
		if err := opened.EncodeMessage(nested(), WithContext(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range server.requests {
		if got := r.Header.Values("Authorization"); len(got) != 1 || got[0] != fmt.Sprint("Bearer ", i+1) {
			t.Errorf("got %v", got)
		}
		if got := r.Header.Get("X-Team"); got != "blue" {
			t.Errorf("got %q", got)
		}
	}
}

func TestTransportOfTheHostsClientIsUsed(t *testing.T) {
	server := httptest.NewUnstartedServer(converter.NewPayloadCodecHTTPHandler(far{}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	opened := parse(t, remoteConfig(server.URL, ""), WithHTTPClient(server.Client()))
	isFar(t, encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))...)

	_, err := parse(t, remoteConfig(server.URL, "")).PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
	if !errors.Is(err, ErrRemote) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

// On a busy machine net/http replaces a connection whose writer is slow to report that it wrote the
// request. So what counts is how many connections are open while no request has been answered, and
// how many requests are there at once.
func TestManyGoroutinesShareTheServer(t *testing.T) {
	const goroutines = 3 * maxConnections
	var want, have sync.WaitGroup // a connection
	want.Add(goroutines)
	have.Add(maxConnections)
	var arrived, there, most atomic.Int64
	answer := make(chan struct{})
	sdk := converter.NewPayloadCodecHTTPHandler(far{})
	server := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := there.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if arrived.Add(1) <= maxConnections {
			have.Done()
		}
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		there.Add(-1) // before the client can use the connection for another request
		sdk.ServeHTTP(w, r)
	}))
	opened := parse(t, remoteConfig(server.url, ", timeout: 2 min"))

	var wait sync.WaitGroup
	for i := range goroutines {
		var once sync.Once
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GetConn: func(string) { once.Do(want.Done) }})
		codec := &payloadCodec{scope{tdc: opened, ctx: ctx}}
		payloads := []*commonpb.Payload{jsonPayload(fmt.Sprint(i)), jsonPayload(fmt.Sprint(-i - 1))}
		start(&wait, func() {
			encoded, err := codec.Encode(payloads)
			if err != nil {
				t.Error(err)
				return
			}
			decoded, err := codec.Decode(encoded)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range payloads {
				if !proto.Equal(decoded[i], payloads[i]) {
					t.Errorf("payloads[%d] came back different", i)
				}
			}
		})
	}
	held, ended := make(chan struct{}), make(chan struct{})
	go func() {
		want.Wait()
		have.Wait()
		close(held)
	}()
	go func() {
		wait.Wait()
		close(ended)
	}()
	select {
	case <-held:
	case <-ended:
		t.Fatalf("%d requests at once", most.Load())
	}
	if n := server.connected(); n != maxConnections {
		t.Errorf("%d connections", n)
	}
	close(answer)
	<-ended
	if n := most.Load(); n != maxConnections {
		t.Errorf("%d requests at once", n)
	}
	if n := server.asked(); n != 2*goroutines {
		t.Errorf("%d requests", n)
	}
}

func TestCloseLetsARequestEndAndClosesItsConnection(t *testing.T) {
	sdk := converter.NewPayloadCodecHTTPHandler(far{})
	arrived, goOn := make(chan struct{}), make(chan struct{})
	server := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-goOn
		sdk.ServeHTTP(w, r)
	}))
	opened := parse(t, remoteConfig(server.url, ""))
	var wait sync.WaitGroup
	start(&wait, func() {
		encoded, err := opened.PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
		if err != nil {
			t.Error(err)
		}
		isFar(t, encoded...)
	})
	<-arrived
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	close(goOn)
	wait.Wait()
	select {
	case <-server.closed:
	case <-time.After(time.Minute):
		t.Error("the connection is still open")
	}
}
