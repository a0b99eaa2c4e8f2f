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

// RemoteHeaders gives headers for a request to the codec server at url, such as
// a fresh Authorization. They go before headers of the configuration of the same
// name. It is asked for each request, by many goroutines at once, so it keeps
// what it can use again. An error fails the call with a transient [*Error] that
// wraps it. The context is that of the activity or client call if the SDK tells
// it, else [context.Background].
type RemoteHeaders func(ctx context.Context, url string) (http.Header, error)

// WithRemoteHeaders names where to ask for headers of requests, for
// configurations whose codecs hold "remote".
func WithRemoteHeaders(headers RemoteHeaders) Option {
	return func(o *options) { o.headers = headers }
}

// WithHTTPClient names the HTTP client whose transport sends requests, for
// configurations whose codecs hold "remote": one that knows your certificate
// authority, has a client certificate, adds credentials or traces. Only its
// transport is used: requests have the timeout of the configuration, follow no
// redirects and carry no cookies.
//
// Without it there is one pool of connections for each [Tdc].
func WithHTTPClient(client *http.Client) Option {
	return func(o *options) { o.client = client }
}

// maxConnections to one server are open at once; further requests wait for one
// within their timeout.
const maxConnections = 32

// codecServers sends the requests that the library asks for. It never tries
// again: Temporal tries the whole task again.
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

// proxy is that of the environment. Plain HTTP is for loopback, some names of
// which net/http does not know: no proxy sees it.
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

// A request is what the library wants to be sent. Its headers can hold
// credentials, and its body holds payloads.
type request struct {
	method      string
	url         string
	header      http.Header
	body        []byte
	timeout     time.Duration // for everything, up to the end of the answer
	maxResponse int64         // bytes of an answer
}

// readHTTP reads a tdc.host.v1.HttpRequest.
func readHTTP(message []byte) *request {
	r := &request{header: http.Header{}}
	fields(message, func(f field) {
		switch f.number {
		case 1:
			r.method = string(f.bytes)
		case 2:
			r.url = string(f.bytes)
		case 3:
			var name, value string
			fields(f.bytes, func(f field) {
				if f.number == 1 {
					name = string(f.bytes)
				} else {
					value = string(f.bytes)
				}
			})
			r.header.Add(name, value)
		case 4:
			r.body = f.bytes
		case 5:
			r.timeout = time.Duration(min(f.value, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
		case 6:
			r.maxResponse = int64(min(f.value, math.MaxInt64-1))
		}
	})
	return r
}

// ask sends a request. The answer is a tdc.host.v1.HttpResponse; cause is why
// there was no response, which the answer says in words.
func (c *payloadCodec) ask(r *request) (answer []byte, cause, err error) {
	core, ctx := c.tdc.core, c.context()
	if err := core.servers.addHeaders(ctx, r); err != nil {
		return nil, nil, err
	}
	status, body, cause := core.servers.send(ctx, r)
	if cause != nil {
		status, body = 0, []byte(reason(ctx, r, cause))
	}
	answer = make([]byte, 0, len(body)+16)
	answer = protowire.AppendTag(answer, 1, protowire.VarintType)
	answer = protowire.AppendVarint(answer, uint64(status))
	answer = protowire.AppendTag(answer, 2, protowire.BytesType)
	return protowire.AppendBytes(answer, body), cause, nil
}

func (s *codecServers) addHeaders(ctx context.Context, r *request) error {
	if s.headers == nil {
		return nil
	}
	headers, err := s.headers(ctx, r.url)
	if err != nil {
		away := newError(ErrRemote, true, -1, fmt.Sprintf("there are no headers for the codec server %s: %v", r.url, err))
		away.cause = err
		return away
	}
	for name, values := range headers {
		r.header[http.CanonicalHeaderKey(name)] = values
	}
	return nil
}

// send gives the server's answer, whatever it is. One that is too long ends a
// byte behind the maximum.
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

// reason says why there was no answer. Errors of net/http can repeat what the
// server sent, so only those are shown that are known to hold none of it.
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
