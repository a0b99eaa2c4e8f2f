package tdc

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// RemoteHeaders gives headers for a request to the codec server at url, such as a fresh
// Authorization. They take precedence over headers of the configuration with the same name. It is
// called for each request, by many goroutines at once, so it should cache values that can be
// reused. An error fails the call with a transient [*Error] that wraps it. The context is that of
// the activity or client call if the SDK passes it on, else [context.Background].
type RemoteHeaders func(ctx context.Context, url string) (http.Header, error)

// WithRemoteHeaders sets the source of request headers, for configurations whose codecs include
// "remote".
func WithRemoteHeaders(headers RemoteHeaders) Option {
	return func(o *options) { o.headers = headers }
}

// WithHTTPClient sets the HTTP client whose transport sends requests, for configurations whose
// codecs include "remote": one that knows your certificate authority, has a client certificate,
// adds credentials or traces. Only its transport is used: requests have the timeout of the
// configuration, follow no redirects and send no cookies.
//
// Without it there is one pool of connections for each [Tdc].
func WithHTTPClient(client *http.Client) Option {
	return func(o *options) { o.client = client }
}

// maxConnections is how many connections to one server are open at once; further
// requests wait for one within their timeout.
const maxConnections = 32

// codecServers sends the requests that the library asks for. It never retries:
// Temporal retries the task.
type codecServers struct {
	client  *http.Client
	own     *http.Transport // to be closed; nil if it is the caller's
	headers RemoteHeaders
}

func newCodecServers(o options) *codecServers {
	s := &codecServers{headers: o.headers, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if o.client != nil {
		s.client.Transport = o.client.Transport
		return s
	}
	s.own = &http.Transport{
		Proxy:               proxy,
		ForceAttemptHTTP2:   true,
		MaxConnsPerHost:     maxConnections,
		MaxIdleConnsPerHost: maxConnections,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true, // what comes is not compressible, and bounded as it comes
	}
	s.client.Transport = s.own
	return s
}

// proxy is that of the environment. Plain HTTP is only for loopback, and must not go through a
// proxy; net/http does not know all loopback names.
func proxy(r *http.Request) (*url.URL, error) {
	if r.URL.Scheme == "http" {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

func (s *codecServers) close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}

// A request is an HTTP request that the library asks the host to send. Its headers can contain
// credentials, and its body contains payloads.
type request struct {
	method      string
	url         string
	header      http.Header
	body        []byte
	timeout     time.Duration // until the end of the response
	maxResponse int64         // bytes
}

// readHTTP reads a tdc.host.v1.HttpRequest.
func readHTTP(message []byte) *request {
	r := &request{header: http.Header{}}
	for f := range fields(message) {
		switch f.number {
		case 1:
			r.method = string(f.bytes)
		case 2:
			r.url = string(f.bytes)
		case 3:
			name, value := readPair(f.bytes)
			r.header.Add(name, value)
		case 4:
			r.body = bytes.Clone(f.bytes)
		case 5:
			r.timeout = milliseconds(f.value)
		case 6:
			r.maxResponse = int64(min(f.value, math.MaxInt64-1))
		}
	}
	return r
}

// exchange sends a request. The answer is a tdc.host.v1.HttpResponse; cause is why there was no
// response; the answer contains its text.
func (s *codecServers) exchange(ctx context.Context, r *request) (answer []byte, cause, err error) {
	if s.headers != nil {
		headers, err := s.headers(ctx, r.url)
		if err != nil {
			text := fmt.Sprintf("there are no headers for the codec server %s: %v", r.url, err)
			return nil, nil, newError(ErrRemote, -1, text).because(err)
		}
		for name, values := range headers {
			r.header[http.CanonicalHeaderKey(name)] = values
		}
	}
	status, body, cause := s.send(ctx, r)
	if cause != nil {
		status, body = 0, []byte(reason(ctx, r, cause))
	}
	answer = make([]byte, 0, len(body)+16)
	answer = protowire.AppendTag(answer, 1, protowire.VarintType)
	answer = protowire.AppendVarint(answer, uint64(status))
	answer = protowire.AppendTag(answer, 2, protowire.BytesType)
	return protowire.AppendBytes(answer, body), cause, nil
}

// send returns the server's response, whatever it is. It stops reading one byte past the maximum.
func (s *codecServers) send(ctx context.Context, r *request) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	post.Header = r.header
	response, err := s.client.Do(post)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, r.maxResponse+1))
	return response.StatusCode, body, err
}

// reason says why there was no response. Errors of net/http can repeat data from the server, so
// only errors known not to do so are shown.
func reason(ctx context.Context, r *request, err error) string {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil: // the caller's
		return ctx.Err().Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in " + r.timeout.String()
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection"
	}
	return "the HTTP client failed, and this error wraps what it says"
}
