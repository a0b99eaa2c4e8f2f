// Package participant is a program that stores payloads by a driver and retrieves them, wrapped by
// tdc or not: e2e/storage/README.md has its arguments.
package participant

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/temporal-data-converter/tdc/bindings/go"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// NewDriver makes the driver of a store, s3 or gcs.
type NewDriver func(store string, client Client, bucket string) (converter.StorageDriver, error)

// Main is the program.
func Main(newDriver NewDriver) {
	if err := run(newDriver, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(newDriver NewDriver, arguments []string) error {
	if len(arguments) != 5 {
		return fmt.Errorf("expected STORE ENDPOINT BUCKET bare|wrapped store|retrieve, found %q", arguments)
	}
	store, endpoint, bucket, mode, action := arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]
	driver, err := newDriver(store, NewClient(store, endpoint), bucket)
	if err != nil {
		return err
	}
	if mode == "wrapped" {
		driver = tdc.StorageDriver(driver)
	}
	var answer any
	if action == "store" {
		answer, err = storeAll(driver)
	} else {
		answer, err = retrieveEach(driver)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// Target is the workflow that the payloads belong to, in every language.
var Target = converter.StorageDriverWorkflowInfo{
	Namespace: "default", WorkflowType: "Order", WorkflowID: "order/1 größer", RunID: "run-1",
}

func storeAll(driver converter.StorageDriver) ([]map[string]string, error) {
	var messages [][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&messages); err != nil {
		return nil, err
	}
	payloads := make([]*commonpb.Payload, len(messages))
	for i, message := range messages {
		payloads[i] = new(commonpb.Payload)
		if err := proto.Unmarshal(message, payloads[i]); err != nil {
			return nil, err
		}
	}
	ctx := converter.StorageDriverStoreContext{Context: background, Target: Target}
	claims, err := driver.Store(ctx, payloads)
	if err != nil {
		return nil, err
	}
	data := make([]map[string]string, len(claims))
	for i, claim := range claims {
		data[i] = claim.ClaimData
	}
	return data, nil
}

// An outcome is a payload or an error.
type outcome struct {
	Payload []byte `json:"payload,omitempty"`
	Error   string `json:"error,omitempty"`
}

// retrieveEach makes a call for each claim, so that each has an error of its own.
func retrieveEach(driver converter.StorageDriver) ([]outcome, error) {
	var claims []map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&claims); err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(claims))
	for i, data := range claims {
		ctx := converter.StorageDriverRetrieveContext{Context: background}
		payloads, err := driver.Retrieve(ctx, []converter.StorageDriverClaim{{ClaimData: data}})
		if err != nil {
			outcomes[i].Error = err.Error()
			continue
		}
		if outcomes[i].Payload, err = proto.Marshal(payloads[0]); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}
