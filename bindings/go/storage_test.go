package tdc

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// memoryDriver returns the claims that it was given, and keeps what it is asked for.
type memoryDriver struct {
	kind   string
	claims []converter.StorageDriverClaim
	err    error

	stored    []*commonpb.Payload
	retrieved []converter.StorageDriverClaim
	contexts  []context.Context
}

func (d *memoryDriver) Name() string { return "orders" }
func (d *memoryDriver) Type() string { return d.kind }

func (d *memoryDriver) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	d.stored, d.contexts = payloads, append(d.contexts, ctx.Context)
	return d.claims, d.err
}

func (d *memoryDriver) Retrieve(ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	d.retrieved, d.contexts = claims, append(d.contexts, ctx.Context)
	return d.stored, d.err
}

func claimsOf(data ...map[string]string) []converter.StorageDriverClaim {
	claims := make([]converter.StorageDriverClaim, len(data))
	for i := range data {
		claims[i].ClaimData = data[i]
	}
	return claims
}

func sameClaims(a, b []converter.StorageDriverClaim) bool {
	return slices.EqualFunc(a, b, func(a, b converter.StorageDriverClaim) bool { return maps.Equal(a.ClaimData, b.ClaimData) })
}

// The vectors of vectors/claims, which Python and TypeScript run too.
func TestStorageDriverVectors(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "vectors", "claims", "claims.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name, Type string
			Claim      map[string]string
			Expect     struct {
				Claim map[string]string
				Error string
				Names []string
			}
		}
	}
	if err := json.Unmarshal(content, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("no vectors found: %v", err)
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			before := maps.Clone(v.Claim)
			inner := &memoryDriver{kind: v.Type, claims: claimsOf(v.Claim)}
			driver := StorageDriver(inner)
			stored, storeErr := driver.Store(converter.StorageDriverStoreContext{}, nil)
			_, retrieveErr := driver.Retrieve(converter.StorageDriverRetrieveContext{}, claimsOf(v.Claim))
			if !maps.Equal(v.Claim, before) {
				t.Errorf("the claim itself was changed into %v", v.Claim)
			}
			if v.Expect.Error != "" {
				for _, err := range []error{storeErr, retrieveErr} {
					want := "tdc: " + v.Expect.Error + `: payloads[0]: the claim of the storage driver "orders" is contradictory: its ` +
						strings.Join(v.Expect.Names, " and ") + " disagree"
					if err == nil || err.Error() != want {
						t.Errorf("got %v, want %s", err, want)
					}
				}
				if inner.retrieved != nil {
					t.Errorf("the driver was asked for %v", inner.retrieved)
				}
				return
			}
			want := claimsOf(v.Expect.Claim)
			if storeErr != nil || !sameClaims(stored, want) {
				t.Errorf("stored: got %v, %v", stored, storeErr)
			}
			if retrieveErr != nil || !sameClaims(inner.retrieved, want) {
				t.Errorf("retrieved: got %v, %v", inner.retrieved, retrieveErr)
			}
		})
	}
}

func TestStorageDriverForwards(t *testing.T) {
	inner := &memoryDriver{kind: "aws.s3driver", claims: claimsOf(
		map[string]string{"key": "a", "hash_value": "1"}, map[string]string{"key": "b"}, map[string]string{"key": "c", "hashValue": "3"})}
	driver := StorageDriver(inner)
	if driver.Name() != "orders" || driver.Type() != "aws.s3driver" {
		t.Errorf("got %s, %s", driver.Name(), driver.Type())
	}
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	payloads := []*commonpb.Payload{{Data: []byte("a")}, {Data: []byte("b")}, {Data: []byte("c")}}
	claims, err := driver.Store(converter.StorageDriverStoreContext{Context: ctx}, payloads)
	if err != nil || !slices.Equal(inner.stored, payloads) {
		t.Errorf("stored %v, %v", inner.stored, err)
	}
	want := claimsOf(map[string]string{"key": "a", "hash_value": "1", "hashValue": "1"}, map[string]string{"key": "b"},
		map[string]string{"key": "c", "hash_value": "3", "hashValue": "3"})
	if !sameClaims(claims, want) {
		t.Errorf("got %v", claims)
	}
	got, err := driver.Retrieve(converter.StorageDriverRetrieveContext{Context: ctx}, claims)
	if err != nil || !slices.Equal(got, payloads) || !sameClaims(inner.retrieved, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if !slices.Equal(inner.contexts, []context.Context{ctx, ctx}) {
		t.Errorf("got the contexts %v", inner.contexts)
	}
}

func TestStorageDriverErrors(t *testing.T) {
	inner := &memoryDriver{kind: "aws.s3driver", err: errors.New("no such bucket")}
	driver := StorageDriver(inner)
	if _, err := driver.Store(converter.StorageDriverStoreContext{}, nil); err != inner.err {
		t.Errorf("got %v", err)
	}
	if _, err := driver.Retrieve(converter.StorageDriverRetrieveContext{}, nil); err != inner.err {
		t.Errorf("got %v", err)
	}
	two := claimsOf(nil, map[string]string{"hash_value": "aaa", "hashValue": "bbb"})
	_, err := driver.Retrieve(converter.StorageDriverRetrieveContext{}, two)
	var e *Error
	if !errors.Is(err, ErrReference) || !errors.As(err, &e) || e.PayloadIndex != 1 || e.Transient {
		t.Errorf("got %v", err)
	}
}

// A selector may wrap the driver anew: the SDK takes it for the same.
func TestStorageDriverIsComparable(t *testing.T) {
	inner := &memoryDriver{}
	if StorageDriver(inner) != StorageDriver(inner) || StorageDriver(inner) == StorageDriver(&memoryDriver{}) {
		t.Error("drivers are not compared by what they wrap")
	}
}
