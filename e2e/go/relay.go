package main

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/e2e/storage/go/described"
	"github.com/temporal-data-converter/tdc/e2e/storage/go/participant"
)

// Relay hands a large letter to an activity on each queue, one after the other; Python and
// TypeScript have the same one.
func Relay(ctx workflow.Context, letter string, queues []string) (string, error) {
	for _, queue := range queues {
		if err := workflow.ExecuteActivity(activityContext(ctx, queue), "Forward", letter).Get(ctx, &letter); err != nil {
			return "", err
		}
	}
	return letter, nil
}

// forward adds the name of its queue.
func forward(ctx context.Context, letter string) (string, error) {
	return letter + " " + activity.GetInfo(ctx).TaskQueue, nil
}

// serveRelay is the worker of Relay, which stores what is large by a driver: wrapped by tdc, or
// bare.
func serveRelay(address, config, store, endpoint, bucket, mode, queue string) error {
	t, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer t.Close()
	driver, err := described.NewDriver(store, participant.NewClient(store, endpoint), bucket)
	if err != nil {
		return err
	}
	if mode == "wrapped" {
		driver = tdc.StorageDriver(driver)
	}
	storage := converter.ExternalStorage{Drivers: []converter.StorageDriver{driver}}
	options := client.Options{HostPort: address, ExternalStorage: storage}
	return serveUncached(t, options, queue, func(w worker.Worker) {
		w.RegisterWorkflow(Relay)
		w.RegisterActivityWithOptions(forward, activity.RegisterOptions{Name: "Forward"})
	})
}
