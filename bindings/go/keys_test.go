//go:build cgo

package tdc

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// provider is a KeyProvider for tests.
type provider func(ctx context.Context, id string) ([]byte, error)

func (p provider) Key(ctx context.Context, id string) ([]byte, error) { return p(ctx, id) }

func knows(id, key string) provider {
	return func(_ context.Context, asked string) ([]byte, error) {
		if asked != id {
			return nil, ErrKeyNotFound
		}
		return []byte(key), nil
	}
}

// encodedBy is a payload encrypted by another process, under the given key id.
func encodedBy(t *testing.T, id string) *commonpb.Payload {
	t.Helper()
	codec := parse(t, strings.ReplaceAll(encryptConfig, testKeyID, id)).PayloadCodec()
	return encodeAll(t, codec, jsonPayload(`"from `+id+`"`))[0]
}

func TestProviderIsAskedOnceForAKey(t *testing.T) {
	var asked atomic.Int32
	opened := parse(t, hostConfig, WithKeyProvider(provider(func(_ context.Context, id string) ([]byte, error) {
		asked.Add(1)
		if id != testKeyID {
			return nil, ErrKeyNotFound
		}
		return []byte(testKey), nil
	})))
	for range 3 {
		encoded := encodeAll(t, opened.PayloadCodec(), jsonPayload("1"))
		decodeAll(t, opened.PayloadCodec(), append(encoded, encodedBy(t, testKeyID))...)
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

func TestKeyThatTheProviderDoesNotKnowIsATransientError(t *testing.T) {
	codec := parse(t, hostConfig, WithKeyProvider(knows(testKeyID, testKey))).PayloadCodec()
	_, err := codec.Decode([]*commonpb.Payload{jsonPayload("1"), encodedBy(t, "other")})
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrKeyUnknown || !e.Transient || e.PayloadIndex != 1 {
		t.Errorf("got %+v", err)
	}
}

// A configuration that says "host: true" without a provider: the advice to add
// the key to the ring alone would hide what was forgotten.
func TestMissingProviderIsAnErrorThatSaysHowToGiveOne(t *testing.T) {
	opened := parse(t, hostConfig)
	encoded := encodedBy(t, "other")
	for _, again := range []bool{false, true} { // the library remembers which keys there are not
		_, err := opened.PayloadCodec().Decode([]*commonpb.Payload{jsonPayload("1"), encoded})
		const want = `tdc: TDC_ERR_KEY_PROVIDER: payloads[1]: the key "other" is not in the keyring, and no key provider was given: ` +
			`pass tdc.WithKeyProvider to Open, which "host: true" expects, or add the key to keys.ring`
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrKeyProvider) || !e.Transient || err.Error() != want {
			t.Errorf("again: %v: got %v", again, err)
		}
	}
	if err := opened.DecodeMessage(&commonpb.Payloads{Payloads: []*commonpb.Payload{encoded}}); !errors.Is(err, ErrKeyProvider) {
		t.Errorf("DecodeMessage: got %v", err)
	}
	if _, err := opened.DataConverter().ToPayload("x"); !errors.Is(err, ErrKeyProvider) {
		t.Errorf("ToPayload: got %v", err)
	}
	// Without "host: true" it is the ring that lacks the key.
	if _, err := parse(t, encryptConfig).PayloadCodec().Decode([]*commonpb.Payload{encoded}); !errors.Is(err, ErrKeyUnknown) {
		t.Errorf("without host: got %v", err)
	}
}

func TestProviderThatIsAwayIsATransientError(t *testing.T) {
	away := errors.New("connection refused")
	opened := parse(t, hostConfig, WithKeyProvider(provider(func(context.Context, string) ([]byte, error) { return nil, away })))
	_, err := opened.PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrKeyProvider) || !errors.Is(err, away) || !e.Transient || e.PayloadIndex != 0 {
		t.Errorf("got %+v", err)
	}
}

func TestProviderThatComesBackIsAskedAgain(t *testing.T) {
	failures := 2
	opened := parse(t, hostConfig, WithKeyProvider(provider(func(context.Context, string) ([]byte, error) {
		if failures > 0 {
			failures--
			return nil, errors.New("away")
		}
		return []byte(testKey), nil
	})))
	p := []*commonpb.Payload{encodedBy(t, testKeyID)}
	for range 2 {
		if _, err := opened.PayloadCodec().Decode(p); !errors.Is(err, ErrKeyProvider) {
			t.Errorf("got %v", err)
		}
	}
	if got := decodeAll(t, opened.PayloadCodec(), p...); !proto.Equal(got[0], jsonPayload(`"from test-key-id"`)) {
		t.Errorf("got %v", got)
	}
}

func TestProvidersBadKeyIsAnErrorThatDoesNotShowIt(t *testing.T) {
	opened := parse(t, hostConfig, WithKeyProvider(knows(testKeyID, "s3cr3t")))
	_, err := opened.PayloadCodec().Encode([]*commonpb.Payload{jsonPayload("1")})
	if !errors.Is(err, ErrKeyInvalid) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}

func TestProviderGetsTheActivitysContext(t *testing.T) {
	type mark struct{}
	opened := parse(t, hostConfig, WithKeyProvider(provider(func(ctx context.Context, _ string) ([]byte, error) {
		if ctx.Value(mark{}) == nil {
			t.Error("got another context")
		}
		return []byte(testKey), nil
	})))
	values := opened.DataConverter().(workflow.ContextAware).WithContext(context.WithValue(t.Context(), mark{}, true))
	if _, err := values.ToPayload("x"); err != nil {
		t.Error(err)
	}
}

// A key that was added to the files after open is found without a restart.
func TestUnknownKeyInAChangedFileIsFound(t *testing.T) {
	path := t.TempDir() + "/tdc.yaml"
	write(t, path, strings.ReplaceAll(encryptConfig, testKeyID, "old"))
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	write(t, path, strings.ReplaceAll(encryptConfig, testKeyID, "new"))
	decodeAll(t, opened.PayloadCodec(), encodedBy(t, "new"))
}
