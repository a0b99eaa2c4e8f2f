//go:build cgo

package tdc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/workflow"
)

func TestWhatServersDoWrong(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	raw := func(bytes string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, bytes)
		}
	}
	tests := map[string]struct {
		server http.HandlerFunc
		code   Code
		says   string
	}{
		"401":          {answer(401, "secret"), ErrRemote, "credentials (status 401)"},
		"500":          {answer(500, "secret"), ErrRemote, "failed (status 500)"},
		"503":          {answer(503, ""), ErrRemote, "too busy"},
		"HTML":         {answer(200, "<html>secret"), ErrRemote, "did not answer with a list of payloads"},
		"no payloads":  {answer(200, `{"payloads":[]}`), ErrRemote, "answered 0 payloads, expected 1"},
		"two payloads": {answer(200, `{"payloads":[{},{}]}`), ErrRemote, "answered more than 1 payloads, expected 1"},
		"400":          {answer(400, "payloads[0] is secret"), ErrRemoteRefused, "does not decode"},
		"413":          {answer(413, ""), ErrRemoteRefused, "status 413"},
		"hangs up":     {raw(""), ErrRemote, "it closed the connection"},
		"half a body":  {raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsecret"), ErrRemote, "it closed the connection"},
		"not HTTP":     {raw("secret\r\n\r\n"), ErrRemote, "the HTTP client failed"},
		"too slow":     {func(_ http.ResponseWriter, r *http.Request) { <-late(r) }, ErrRemote, "no answer in 500ms"},
		"an endless one": {func(w http.ResponseWriter, _ *http.Request) {
			for chunk := []byte(text(1 << 16)); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, ErrLimit, "more than"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, ErrRemote, "redirects (status 307)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serving(t, test.server)
			timeout := "1 min"
			if name == "too slow" {
				timeout = "500 ms"
			}
			requests := new(countingTransport)
			// The given client would follow redirects; only its transport is used.
			opened := parse(t, remoteConfig(server.url, ", timeout: "+timeout)+"limits: { max_decoded_bytes: 1 MiB }\n",
				WithHTTPClient(&http.Client{Transport: requests}))
			decoded, err := opened.PayloadCodec().Decode([]*commonpb.Payload{jsonPayload("1")})
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code || decoded != nil {
				t.Fatalf("got %v and %+v", decoded, err)
			}
			if e.Transient != (test.code == ErrRemote) || !strings.Contains(e.Message, test.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %+v", e)
			}
			// Of a request that was given up the server may know nothing yet.
			if n := server.asked(); requests.sent.Load() != 1 || n > 1 {
				t.Errorf("sent %d requests, of which %d arrived", requests.sent.Load(), n)
			}
		})
	}
}

// countingTransport is net/http's own and counts the requests.
type countingTransport struct {
	http.Transport
	sent atomic.Int32
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return c.Transport.RoundTrip(r)
}

// late is closed when the client no longer waits for the response.
func late(r *http.Request) <-chan struct{} {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server look at the connection
	return r.Context().Done()
}

// closedPort is an address without a listener: the near end of a connection, which keeps others
// from it until the test is over.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection.LocalAddr().String()
}

func TestServerThatIsAwayIsATransientError(t *testing.T) {
	opened := parse(t, remoteConfig("http://"+closedPort(t), ""))
	for _, payloads := range [][]*commonpb.Payload{{jsonPayload("1")}, {jsonPayload("1"), jsonPayload("2")}} {
		_, err := opened.PayloadCodec().Encode(payloads)
		var e *Error
		var cause *net.OpError
		if !errors.As(err, &e) || e.Code != ErrRemote || !e.Transient || !strings.Contains(e.Message, "refused") || !errors.As(err, &cause) {
			t.Errorf("got %+v", err)
		}
	}
}

func TestContextEndsARequest(t *testing.T) {
	server := serving(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-late(r) }))
	opened := parse(t, remoteConfig(server.url, ", timeout: 1 min"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	values := opened.DataConverter().(workflow.ContextAware).WithContext(ctx)
	_, err := values.ToPayload("x")
	var e *Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Transient {
		t.Errorf("got %+v", err)
	}
}

func TestHeadersThatFailAreATransientError(t *testing.T) {
	server := serving(t, nil)
	away := errors.New("the identity provider is away")
	opened := parse(t, remoteConfig(server.url, ""),
		WithRemoteHeaders(func(context.Context, string) (http.Header, error) { return nil, away }))
	_, err := opened.PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrRemote) || !errors.Is(err, away) || !e.Transient {
		t.Errorf("got %+v", err)
	}
	if server.asked() != 0 {
		t.Error("asked without headers")
	}
}
