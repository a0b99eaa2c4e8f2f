package main

import (
	"context"
	"time"

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

// serveRelay is the worker of Relay, which stores what is large by a driver that tdc wraps. It
// keeps no workflow between two tasks, so that each task retrieves again.
func serveRelay(address, config, endpoint, bucket, queue string) error {
	t, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer t.Close()
	driver, err := described.NewDriver("s3", participant.NewClient("s3", endpoint), bucket)
	if err != nil {
		return err
	}
	c, err := client.Dial(client.Options{
		HostPort:         address,
		DataConverter:    t.DataConverter(),
		FailureConverter: t.FailureConverter(),
		ExternalStorage:  converter.ExternalStorage{Drivers: []converter.StorageDriver{tdc.StorageDriver(driver)}},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	worker.SetStickyWorkflowCacheSize(0)
	w := worker.New(c, queue, worker.Options{DeadlockDetectionTimeout: time.Minute})
	w.RegisterWorkflow(Relay)
	w.RegisterActivityWithOptions(forward, activity.RegisterOptions{Name: "Forward"})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	return obey(t)
}
