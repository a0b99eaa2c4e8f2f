package main

import (
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// serveUncached is a worker that keeps no workflow between two tasks, so that each task decodes,
// and retrieves, the whole history again. register gives it what it runs.
func serveUncached(t *tdc.Tdc, options client.Options, queue string, register func(worker.Worker)) error {
	options.DataConverter, options.FailureConverter = t.DataConverter(), t.FailureConverter()
	options.Logger = tdc.Logger(log.NewStructuredLogger(slog.Default()))
	c, err := client.Dial(options)
	if err != nil {
		return err
	}
	defer c.Close()
	worker.SetStickyWorkflowCacheSize(0)
	// A busy machine is no deadlock.
	w := worker.New(c, queue, worker.Options{DeadlockDetectionTimeout: time.Minute})
	register(w)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	return obey(t)
}
