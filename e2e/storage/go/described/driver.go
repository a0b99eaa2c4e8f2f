// Package described has a driver after the documentation of Go's official ones, which are not in
// every mirror of the Go module proxy: their keys and claims, and what they ask of a claim.
package described

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"github.com/temporal-data-converter/tdc/e2e/storage/go/participant"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

var types = map[string]string{"s3": "aws.s3driver", "gcs": "gcp.gcsdriver"}

// NewDriver makes the driver of a store, s3 or gcs.
func NewDriver(store string, client participant.Client, bucket string) (converter.StorageDriver, error) {
	return &driver{types[store], client, bucket}, nil
}

type driver struct {
	kind   string
	client participant.Client
	bucket string
}

// Name implements [converter.StorageDriver].
func (d *driver) Name() string { return d.kind }

// Type implements [converter.StorageDriver].
func (d *driver) Type() string { return d.kind }

// Store implements [converter.StorageDriver].
func (d *driver) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	claims := make([]converter.StorageDriverClaim, len(payloads))
	for i, p := range payloads {
		data, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		hash := hashOf(data)
		key := "v0" + place(ctx.Target) + "/d/sha256/" + hash
		exists, err := d.client.ObjectExists(ctx.Context, d.bucket, key)
		if err == nil && !exists {
			err = d.client.PutObject(ctx.Context, d.bucket, key, data)
		}
		if err != nil {
			return nil, err
		}
		claims[i].ClaimData = map[string]string{"bucket": d.bucket, "key": key, "hash_algorithm": "sha256", "hash_value": hash}
		if d.kind == types["gcs"] {
			claims[i].ClaimData["object_name"] = key
		}
	}
	return claims, nil
}

// place is the part of a key that says whose payload it is.
func place(target converter.StorageDriverTargetInfo) string {
	switch target := target.(type) {
	case converter.StorageDriverWorkflowInfo:
		return fmt.Sprintf("/ns/%s/wt/%s/wi/%s/ri/%s", segment(target.Namespace),
			segment(target.WorkflowType), segment(target.WorkflowID), segment(target.RunID))
	case converter.StorageDriverActivityInfo:
		return fmt.Sprintf("/ns/%s/at/%s/ai/%s/ri/%s", segment(target.Namespace),
			segment(target.ActivityType), segment(target.ActivityID), segment(target.RunID))
	default:
		return ""
	}
}

func segment(text string) string {
	if text == "" {
		return "null"
	}
	return url.PathEscape(text)
}

// Retrieve implements [converter.StorageDriver].
func (d *driver) Retrieve(ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	payloads := make([]*commonpb.Payload, len(claims))
	for i, claim := range claims {
		key := "key"
		// What its version 0.1 stored, Google's driver still reads.
		if _, ok := claim.ClaimData["object_name"]; ok && d.kind == types["gcs"] {
			key = "object_name"
		}
		for _, name := range []string{"bucket", key, "hash_algorithm", "hash_value"} {
			if _, ok := claim.ClaimData[name]; !ok {
				return nil, fmt.Errorf("claim missing field %q", name)
			}
		}
		data, err := d.client.GetObject(ctx.Context, claim.ClaimData["bucket"], claim.ClaimData[key])
		if err != nil {
			return nil, err
		}
		if hashOf(data) != claim.ClaimData["hash_value"] {
			return nil, errors.New("integrity check failed")
		}
		payloads[i] = new(commonpb.Payload)
		if err := proto.Unmarshal(data, payloads[i]); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func hashOf(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}
