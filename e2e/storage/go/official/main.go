// Command official is the participant with the official drivers of Go's SDK.
package main

import (
	"github.com/temporal-data-converter/tdc/e2e/storage/go/participant"
	"go.temporal.io/sdk/contrib/aws/s3driver"
	"go.temporal.io/sdk/contrib/gcp/gcsdriver"
	"go.temporal.io/sdk/converter"
)

func main() { participant.Main(newDriver) }

func newDriver(store string, client participant.Client, bucket string) (converter.StorageDriver, error) {
	if store == "gcs" {
		return gcsdriver.NewDriver(gcsdriver.Options{Client: client, Bucket: gcsdriver.StaticBucket(bucket)})
	}
	return s3driver.NewDriver(s3driver.Options{Client: client, Bucket: s3driver.StaticBucket(bucket)})
}
