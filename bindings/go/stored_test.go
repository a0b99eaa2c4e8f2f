//go:build cgo

package tdc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

const storageConfig = encryptConfig + `storage:
  stores:
    s3: { s3: { region: eu-central-1 }, buckets: [orders] }
    other: { s3: { region: eu-central-1 }, buckets: [orders] }
`

// mapDriver is a storage driver of the SDK over a map, with the keys and claims of the official one
// for Amazon S3.
type mapDriver struct {
	name     string
	payloads map[string]*commonpb.Payload
	retrieve func(ctx context.Context, found []*commonpb.Payload) ([]*commonpb.Payload, error)

	mu         sync.Mutex
	retrievals [][]converter.StorageDriverClaim
}

var _ converter.StorageDriver = (*mapDriver)(nil)

func newMapDriver(name string) *mapDriver {
	return &mapDriver{name: name, payloads: map[string]*commonpb.Payload{}}
}

func (d *mapDriver) Name() string { return d.name }
func (d *mapDriver) Type() string { return "aws.s3driver" }

func (d *mapDriver) Store(_ converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	claims := make([]converter.StorageDriverClaim, len(payloads))
	for i, payload := range payloads {
		wire, err := proto.Marshal(payload)
		if err != nil {
			return nil, err
		}
		hash := fmt.Sprintf("%x", sha256.Sum256(wire))
		key := "v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/" + hash
		d.payloads[key] = payload
		claims[i].ClaimData = map[string]string{"bucket": "orders", "key": key, "hash_algorithm": "sha256", "hash_value": hash}
	}
	return claims, nil
}

func (d *mapDriver) Retrieve(ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	d.mu.Lock()
	d.retrievals = append(d.retrievals, claims)
	d.mu.Unlock()
	payloads := make([]*commonpb.Payload, len(claims))
	for i, claim := range claims {
		payloads[i] = d.payloads[claim.ClaimData["key"]]
		if payloads[i] == nil {
			return nil, errors.New("NoSuchKey")
		}
	}
	if d.retrieve != nil {
		return d.retrieve(ctx.Context, payloads)
	}
	return payloads, nil
}

// refer stores payloads, and returns references to them as the SDK writes them.
func (d *mapDriver) refer(t *testing.T, payloads ...*commonpb.Payload) []*commonpb.Payload {
	t.Helper()
	claims, err := d.Store(converter.StorageDriverStoreContext{}, payloads)
	if err != nil {
		t.Fatal(err)
	}
	references := make([]*commonpb.Payload, len(claims))
	for i, claim := range claims {
		references[i] = reference(d.name, claim.ClaimData)
	}
	return references
}

func reference(driver string, claim map[string]string) *commonpb.Payload {
	var data []string
	for name, value := range claim {
		data = append(data, fmt.Sprintf("%q:%q", name, value))
	}
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding:    []byte(converter.MetadataEncodingProtoJSON),
			converter.MetadataMessageType: []byte("temporal.api.sdk.v1.ExternalStorageReference"),
		},
		Data: fmt.Appendf(nil, `{"driverName":%q,"claimData":{%s}}`, driver, strings.Join(data, ",")),
	}
}

// historyOf is a history with this input.
func historyOf(input ...*commonpb.Payload) *historypb.History {
	attributes := &historypb.WorkflowExecutionStartedEventAttributes{Input: &commonpb.Payloads{Payloads: input}}
	return &historypb.History{Events: []*historypb.HistoryEvent{{
		EventId:    1,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{WorkflowExecutionStartedEventAttributes: attributes},
	}}}
}

func TestStoredPayloadsTakeThePlacesOfTheirReferences(t *testing.T) {
	opened := parse(t, storageConfig, WithNamespace("orders"))
	// One more than two calls of one driver, and one of another.
	var plain []*commonpb.Payload
	for i := range 33 {
		plain = append(plain, jsonPayload(fmt.Sprint(i)))
	}
	sealed, err := opened.PayloadCodec().Encode(plain)
	if err != nil {
		t.Fatal(err)
	}
	s3, other := newMapDriver("s3"), newMapDriver("other")
	input := s3.refer(t, sealed...)
	input = append(input, input[0], other.refer(t, plain[:1]...)[0], sealed[1])
	want := historyOf(append(plain[:33:33], plain[0], plain[0], plain[1])...)

	message := historyOf(input...)
	if err := opened.DecodeMessage(message, WithStorage(s3, other)); err != nil || !proto.Equal(message, want) {
		t.Fatalf("got %v, %v", err, message)
	}
	asked := map[string]bool{}
	for i, claims := range s3.retrievals {
		for _, claim := range claims {
			asked[claim.ClaimData["key"]] = true
		}
		if len(claims) > 16 || len(s3.retrievals) != 3 {
			t.Errorf("call %d of %d has %d claims", i, len(s3.retrievals), len(claims))
		}
	}
	if len(asked) != 33 || len(other.retrievals) != 1 {
		t.Errorf("asked for %d objects, %v", len(asked), other.retrievals)
	}
	claim := other.retrievals[0][0].ClaimData
	key, hash := claim["key"], claim["hash_value"]
	if !maps.Equal(claim, map[string]string{"bucket": "orders", "key": key, "object": key, "object_name": key, "hash_algorithm": "sha256",
		"hashAlgorithm": "sha256", "hash_value": hash, "hashValue": hash}) || !strings.HasSuffix(key, hash) {
		t.Errorf("the driver got %v", claim)
	}

	exported, err := protojson.Marshal(historyOf(input...))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := opened.DecodeHistory(exported, WithStorage(s3), WithStorage(other))
	got := new(historypb.History)
	if err != nil || protojson.Unmarshal(decoded, got) != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %s", err, decoded)
	}

	// Without drivers, and where messages are encoded, references stay.
	message = historyOf(input...)
	if err := opened.DecodeMessage(message); err != nil || !proto.Equal(message, historyOf(append(input[:35:35], plain[1])...)) {
		t.Errorf("got %v, %v", err, message)
	}
	before := len(s3.retrievals)
	if err := opened.EncodeMessage(message, WithStorage(s3, other)); err != nil || len(s3.retrievals) != before {
		t.Errorf("got %v, %d calls", err, len(s3.retrievals))
	}
}

func TestWhatIsNotRetrieved(t *testing.T) {
	lost := errors.New("the bucket has moved")
	short := func(_ context.Context, found []*commonpb.Payload) ([]*commonpb.Payload, error) { return found[1:], nil }
	for name, test := range map[string]struct {
		retrieve func(context.Context, []*commonpb.Payload) ([]*commonpb.Payload, error)
		want     string
		is       error
	}{
		"error": {func(context.Context, []*commonpb.Payload) ([]*commonpb.Payload, error) { return nil, lost }, "the bucket has moved", lost},
		"few":   {short, "returned 1 payloads, or none at some place, for 2 claims", nil},
		"nil": {func(context.Context, []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return make([]*commonpb.Payload, 2), nil
		},
			"returned 2 payloads, or none at some place, for 2 claims", nil},
		"panic": {func(context.Context, []*commonpb.Payload) ([]*commonpb.Payload, error) { panic("secret") }, "the storage driver panicked", nil},
		"slow": {func(ctx context.Context, _ []*commonpb.Payload) ([]*commonpb.Payload, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, "deadline exceeded", context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			opened := parse(t, storageConfig+"  timeout: 50 ms\n", WithNamespace("orders"))
			driver := newMapDriver("s3")
			driver.retrieve = test.retrieve
			input := driver.refer(t, jsonPayload("1"), jsonPayload("2"))
			message := historyOf(input...)
			err := opened.DecodeMessage(message, WithStorage(driver))
			var e *Error
			if !errors.Is(err, ErrStorage) || !errors.As(err, &e) || !e.Transient || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if test.is != nil && !errors.Is(err, test.is) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
			if !proto.Equal(message, historyOf(input...)) {
				t.Errorf("the message was changed: %v", message)
			}
		})
	}
}

func TestReferencesThatNoDriverSees(t *testing.T) {
	driver := newMapDriver("s3")
	mine := driver.refer(t, jsonPayload("1"))
	for name, test := range map[string]struct {
		namespace string
		input     *commonpb.Payload
		want      Code
	}{
		"another namespace": {"payments", mine[0], ErrReference},
		"no namespace":      {"", mine[0], ErrReference},
		"another bucket":    {"orders", reference("s3", map[string]string{"bucket": "payments", "key": "v0/ns/orders/d", "hash_algorithm": "sha256", "hash_value": strings.Repeat("0", 64)}), ErrReference},
		"no such store":     {"orders", reference("gcs", map[string]string{}), ErrReference},
		"no such driver":    {"orders", newMapDriver("other").refer(t, jsonPayload("1"))[0], ErrStorage},
	} {
		opened := parse(t, storageConfig, WithNamespace(test.namespace))
		if err := opened.DecodeMessage(historyOf(test.input), WithStorage(driver)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(driver.retrievals) != 0 {
		t.Errorf("the driver was asked for %v", driver.retrievals)
	}
}

func TestCancelledWhileADriverRetrieves(t *testing.T) {
	opened := parse(t, storageConfig, WithNamespace("orders"))
	ctx, cancel := context.WithCancel(t.Context())
	driver := newMapDriver("s3")
	driver.retrieve = func(ctx context.Context, _ []*commonpb.Payload) ([]*commonpb.Payload, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	message := historyOf(driver.refer(t, jsonPayload("1"))...)
	err := opened.DecodeMessage(message, WithStorage(driver), WithContext(ctx))
	if !errors.Is(err, ErrStorage) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was cancelled") {
		t.Errorf("got %v", err)
	}
}
