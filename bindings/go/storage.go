package tdc

import (
	"fmt"
	"maps"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// StorageDriver returns driver with claims that the official drivers of every SDK can read. They
// spell the same things differently: hash_algorithm and hash_value in Go and Python, hashAlgorithm
// and hashValue in TypeScript; for Google Cloud Storage, key or object_name in Go, object_name in
// Python and object in TypeScript.
//
//	client.Options{ExternalStorage: converter.ExternalStorage{
//		Drivers: []converter.StorageDriver{tdc.StorageDriver(driver)},
//	}}
//
// The claims that Store returns have every spelling, and so do those that Retrieve gets. Name,
// type, payloads and everything else are the driver's. If two spellings are there and disagree,
// the error is [ErrReference], and nothing is retrieved. A StorageDriverSelector has to return the
// wrapped driver.
//
// It needs no configuration: the SDK stores what a codec returns, and a codec never sees a claim.
func StorageDriver(driver converter.StorageDriver) converter.StorageDriver {
	return storageDriver{driver}
}

// A storageDriver is a value, because the SDK compares drivers with ==.
type storageDriver struct{ converter.StorageDriver }

// Store implements [converter.StorageDriver].
func (d storageDriver) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	claims, err := d.StorageDriver.Store(ctx, payloads)
	if err != nil {
		return nil, err
	}
	return d.withEverySpelling(claims)
}

// Retrieve implements [converter.StorageDriver].
func (d storageDriver) Retrieve(ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	claims, err := d.withEverySpelling(claims)
	if err != nil {
		return nil, err
	}
	return d.StorageDriver.Retrieve(ctx, claims)
}

var (
	hashSpellings = [][]string{{"hash_algorithm", "hashAlgorithm"}, {"hash_value", "hashValue"}}
	// Only for Google's drivers: it would repeat the long key of every S3 object in the history, and
	// to a driver of somebody's own key and object may be two things.
	gcsSpellings = append([][]string{{"key", "object", "object_name"}}, hashSpellings...)
)

func (d storageDriver) withEverySpelling(claims []converter.StorageDriverClaim) ([]converter.StorageDriverClaim, error) {
	spellings := hashSpellings
	if d.Type() == "gcp.gcsdriver" {
		spellings = gcsSpellings
	}
	result := make([]converter.StorageDriverClaim, len(claims))
	for i, claim := range claims {
		data := maps.Clone(claim.ClaimData) // Retrieve must not modify claims
		for _, names := range spellings {
			first := ""
			for _, name := range names {
				value, found := data[name]
				switch {
				case !found:
				case first == "":
					first = name
				case value != data[first]:
					return nil, newError(ErrReference, i, fmt.Sprintf("the claim of the storage driver %q is contradictory: its %s and %s disagree",
						d.Name(), first, name))
				}
			}
			if first != "" {
				for _, name := range names {
					data[name] = data[first]
				}
			}
		}
		claim.ClaimData = data
		result[i] = claim
	}
	return result, nil
}
