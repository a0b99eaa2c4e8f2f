//go:build cgo

package tdc

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

const serviceURI = "test://orders"

// serviceConfig has one key of a key service. options begin with a comma.
func serviceConfig(options string) string {
	return fmt.Sprintf("version: 1\nkeys: { primary: orders, ring: { orders: { service: %q%s } } }\ncodecs: [encrypt]\n", serviceURI, options)
}

// keyService is a KeyService with one key, which counts its calls, and can be told to fail, to be
// slow, and to return long keys.
type keyService struct {
	fails  error
	takes  time.Duration
	padded atomic.Int64 // bytes behind a wrapped key
	before func(wraps int32)

	wraps, unwraps, now, most atomic.Int32

	mu   sync.Mutex
	keys []KeyServiceKey
	seen [][]byte // slices with data keys
}

func (s *keyService) gcm() cipher.AEAD {
	block, err := aes.NewCipher([]byte(testKey))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

func (s *keyService) asked(key KeyServiceKey, secret []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.seen = append(s.keys, key), append(s.seen, secret)
}

func (s *keyService) Wrap(_ context.Context, key KeyServiceKey, dataKey []byte) ([]byte, error) {
	wraps := s.wraps.Add(1)
	s.asked(key, dataKey)
	time.Sleep(s.takes)
	if s.before != nil {
		s.before(wraps)
	}
	if s.fails != nil {
		return nil, s.fails
	}
	nonce := make([]byte, 12)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	wrapped := s.gcm().Seal(nonce, nonce, dataKey, nil)
	return append(wrapped, make([]byte, s.padded.Load())...), nil
}

func (s *keyService) Unwrap(_ context.Context, key KeyServiceKey, wrapped []byte) ([]byte, error) {
	s.unwraps.Add(1)
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	time.Sleep(s.takes)
	if s.fails != nil {
		return nil, s.fails
	}
	dataKey, err := s.gcm().Open(nil, wrapped[:12], wrapped[12:60], nil)
	if err != nil {
		return nil, &KeyServiceError{Invalid: true, Reason: "not mine"}
	}
	s.asked(key, dataKey)
	return dataKey, nil
}

func (s *keyService) counts(t *testing.T, wraps, unwraps int32) {
	t.Helper()
	if s.wraps.Load() != wraps || s.unwraps.Load() != unwraps {
		t.Errorf("%d wraps and %d unwraps, want %d and %d", s.wraps.Load(), s.unwraps.Load(), wraps, unwraps)
	}
}

func isEnvelope(t *testing.T, payloads ...*commonpb.Payload) {
	t.Helper()
	for i, p := range payloads {
		if len(p.Metadata) != 3 || string(p.Metadata[converter.MetadataEncoding]) != "binary/encrypted" ||
			string(p.Metadata[keyKeyID]) != serviceURI || len(p.Metadata[keyDataKey]) == 0 {
			t.Errorf("payloads[%d]: got %v", i, p)
		}
	}
}

// envelopes are count payloads, each under a data key of its own.
func envelopes(t *testing.T, service *keyService, count int) (plain, encoded []*commonpb.Payload) {
	t.Helper()
	for i := range count {
		p := jsonPayload(fmt.Sprint(i))
		plain = append(plain, p)
		encoded = append(encoded, encodeAll(t, parse(t, serviceConfig(""), WithKeyService(service)).PayloadCodec(), p)...)
	}
	return plain, encoded
}

func TestServiceIsAskedOnceForADataKey(t *testing.T) {
	service := new(keyService)
	opened := parse(t, serviceConfig(", timeout: 7 s"), WithKeyService(service))
	before := []*commonpb.Payload{jsonPayload("1"), jsonPayload("2")}
	encoded := encodeAll(t, opened.PayloadCodec(), before...)
	isEnvelope(t, encoded...)
	for range 2 {
		for i, p := range decodeAll(t, opened.PayloadCodec(), encoded...) {
			if !proto.Equal(p, before[i]) {
				t.Errorf("payloads[%d]: got %v", i, p)
			}
		}
	}
	service.counts(t, 1, 0)
	other := parse(t, serviceConfig(""), WithKeyService(service))
	decodeAll(t, other.PayloadCodec(), encoded...)
	decodeAll(t, other.PayloadCodec(), encoded...)
	service.counts(t, 1, 1)
	if key := service.keys[0]; key.URI != serviceURI || len(key.Earlier) != 0 || key.Timeout != 7*time.Second {
		t.Errorf("got %+v", key)
	}
	for i, secret := range service.seen {
		if !bytes.Equal(secret, make([]byte, 32)) {
			t.Errorf("the data key of request %d was not overwritten", i)
		}
	}
}

func TestDataKeysOfAListAreAskedForTogether(t *testing.T) {
	service := &keyService{takes: 50 * time.Millisecond}
	plain, encoded := envelopes(t, new(keyService), 40)
	decoded := decodeAll(t, parse(t, serviceConfig(""), WithKeyService(service)).PayloadCodec(), encoded...)
	for i, p := range decoded {
		if !proto.Equal(p, plain[i]) {
			t.Errorf("payloads[%d]: got %v", i, p)
		}
	}
	service.counts(t, 0, 40)
	if most := service.most.Load(); most < 2 || most > maxKeyRequests {
		t.Errorf("%d at once", most)
	}
}

func TestWhatAServiceSaysIsAnErrorWithItsCause(t *testing.T) {
	_, encoded := envelopes(t, new(keyService), 1)
	for _, test := range []struct {
		fails          error
		encode, decode Code
	}{
		{&KeyServiceError{Refused: true, Reason: "access denied"}, ErrKeyRefused, ErrKeyRefused},
		{&KeyServiceError{Invalid: true, Reason: "changed"}, ErrKeyService, ErrCiphertext},
		{&KeyServiceError{Reason: "away"}, ErrKeyService, ErrKeyService},
		{errors.New("connection reset"), ErrKeyService, ErrKeyService},
	} {
		codec := parse(t, serviceConfig(""), WithKeyService(&keyService{fails: test.fails})).PayloadCodec()
		_, err := codec.Decode([]*commonpb.Payload{jsonPayload("1"), encoded[0]})
		var e *Error
		if !errors.As(err, &e) || e.Code != test.decode || !errors.Is(err, test.fails) || e.PayloadIndex != 1 ||
			e.Transient != (test.decode != ErrCiphertext) || !strings.Contains(e.Message, test.fails.Error()) {
			t.Errorf("decode, %v: got %v", test.fails, err)
		}
		codec = parse(t, serviceConfig(""), WithKeyService(&keyService{fails: test.fails})).PayloadCodec()
		if _, err := codec.Encode([]*commonpb.Payload{jsonPayload("1")}); !errors.Is(err, test.encode) || !errors.Is(err, test.fails) {
			t.Errorf("encode, %v: got %v", test.fails, err)
		}
	}
}

// failingService fails each time with another error.
type failingService struct {
	keyService
	failed atomic.Int32
}

func (s *failingService) Unwrap(context.Context, KeyServiceKey, []byte) ([]byte, error) {
	return nil, fmt.Errorf("failure %d", s.failed.Add(1))
}

func TestOfManyFailuresTheCauseIsTheOneThatTheErrorNames(t *testing.T) {
	_, encoded := envelopes(t, new(keyService), 40)
	service := new(failingService)
	_, err := parse(t, serviceConfig(""), WithKeyService(service)).PayloadCodec().Decode(encoded)
	var e *Error
	if !errors.As(err, &e) || e.PayloadIndex != 0 || service.failed.Load() <= maxKeyRequests {
		t.Fatalf("after %d failures: got %v", service.failed.Load(), err)
	}
	if cause := errors.Unwrap(e); cause == nil || !strings.HasSuffix(e.Message, ": "+cause.Error()) {
		t.Errorf("got %v, because of %v", e, cause)
	}
}

func TestPanicOfAServiceIsItsFailure(t *testing.T) {
	service := &keyService{before: func(int32) { panic("a bug") }}
	_, err := parse(t, serviceConfig(""), WithKeyService(service)).PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
	if !errors.Is(err, ErrKeyService) || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got %v", err)
	}
}

// A cancellation by one caller says nothing about the service, but the library would cache it.
func TestCancelledCallHarmsNoOther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	service := &keyService{fails: context.Canceled, before: func(int32) { cancel() }}
	opened := parse(t, serviceConfig(""), WithKeyService(service))
	_, err := opened.DataConverter().(workflow.ContextAware).WithContext(ctx).ToPayload("x")
	if !errors.Is(err, ErrKeyService) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	service.fails = nil
	if _, err := opened.DataConverter().ToPayload("x"); err != nil {
		t.Error(err)
	}
}

// The next data key is made off the path of calls, which go on under the one before
// while the service is slow, and while it fails.
func TestDataKeyIsRenewedOffTheCallsPath(t *testing.T) {
	asked, resume := make(chan struct{}), make(chan struct{})
	service := &keyService{before: func(wraps int32) {
		if wraps == 2 {
			close(asked)
			<-resume
		}
	}}
	// At 5,600 of 6,400 messages the next key is asked for. The 800 others are more than this needs on
	// a busy machine: a call that found none left would wrap a key itself.
	codec := parse(t, serviceConfig(", data_key: { messages: 6400 }"), WithKeyService(service)).PayloadCodec()
	key := func() string { return string(encodeAll(t, codec, jsonPayload("1"))[0].Metadata[keyDataKey]) }
	first := key()
	for range 5600 {
		if key() != first {
			t.Error("another key")
		}
	}
	select {
	case <-asked:
	case <-time.After(30 * time.Second):
		t.Fatal("no key was asked for")
	}
	if key() != first {
		t.Error("another key")
	}
	close(resume)
	for deadline := time.Now().Add(30 * time.Second); key() == first; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key was not renewed")
		}
	}
	service.counts(t, 2, 0)
}

func TestCloseDuringARenewalWaitsForNothing(t *testing.T) {
	asked, resume := make(chan struct{}), make(chan struct{})
	service := &keyService{before: func(wraps int32) {
		if wraps == 2 {
			close(asked)
			<-resume
		}
	}}
	opened := parse(t, serviceConfig(", data_key: { messages: 8 }"), WithKeyService(service))
	for range 8 {
		encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
	}
	<-asked
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	if n := opened.handle.users.Load(); n != 1 {
		t.Errorf("%d users", n)
	}
	close(resume)
	for deadline := time.Now().Add(30 * time.Second); opened.handle.users.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the memory was not freed")
		}
	}
}

// A service may answer with longer keys than before, for instance after a rotation.
func TestLongerDataKeyFits(t *testing.T) {
	service := new(keyService)
	opened := parse(t, serviceConfig(", data_key: { messages: 2, renew_before: 1 ms }"), WithKeyService(service))
	for padding := int64(0); padding <= 6000; padding += 750 {
		service.padded.Store(padding)
		for range 4 {
			p := jsonPayload(`"x"`)
			encoded := encodeAll(t, opened.PayloadCodec(), p)
			if got := decodeAll(t, opened.PayloadCodec(), encoded...); !proto.Equal(got[0], p) {
				t.Errorf("got %v", got)
			}
		}
	}
	if overhead := opened.handle.overhead.Load(); overhead < 6000 {
		t.Errorf("an overhead of %d is remembered", overhead)
	}
}

func TestServiceThatTakesThreeSecondsIsNoDeadlock(t *testing.T) {
	_, input := envelopes(t, new(keyService), 1)
	input[0] = encodeAll(t, parse(t, serviceConfig(""), WithKeyService(new(keyService))).PayloadCodec(), jsonPayload(`"Ada"`))[0]
	service := &keyService{takes: 3 * time.Second}
	f := &frontend{events: history(input), deadlock: 2 * time.Second}
	serve(t, f, parse(t, serviceConfig(""), WithKeyService(service)), greet)
	commands := f.outcome(t).GetCommands()
	completed := commands[len(commands)-1].GetCompleteWorkflowExecutionCommandAttributes()
	if completed == nil {
		t.Fatalf("the workflow did not complete: %v", commands)
	}
	isEnvelope(t, completed.GetResult().GetPayloads()...)
	service.counts(t, 1, 1)
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

func TestServiceThatIsAwayFailsTheTaskAndNotTheWorkflow(t *testing.T) {
	input := encodeAll(t, parse(t, serviceConfig(""), WithKeyService(new(keyService))).PayloadCodec(), jsonPayload(`"Ada"`))
	service := &keyService{fails: &KeyServiceError{Reason: "away"}}
	f := &frontend{events: history(input), onFailure: func() {
		time.Sleep(1100 * time.Millisecond) // for so long it is believed
		service.fails = nil
	}}
	serve(t, f, parse(t, serviceConfig(""), WithKeyService(service)), greet)
	commands := f.outcome(t).GetCommands()
	if commands[len(commands)-1].GetCompleteWorkflowExecutionCommandAttributes() == nil || len(f.failed) != 1 {
		t.Errorf("got %v, failed tasks: %v", commands, f.failed)
	}
}
