package main

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// serveSites is the worker of the workflow Sites, and of Ledger. It keeps no workflow between two
// tasks, so that each task decodes the whole history again.
func serveSites(address, config, queue string) error {
	t, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer t.Close()
	c, err := client.Dial(client.Options{
		HostPort: address, DataConverter: t.DataConverter(), FailureConverter: t.FailureConverter(),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	worker.SetStickyWorkflowCacheSize(0)
	// A busy machine is no deadlock.
	w := worker.New(c, queue, worker.Options{DeadlockDetectionTimeout: time.Minute})
	sites := &Sites{t.DataConverter()}
	w.RegisterWorkflowWithOptions(sites.Run, workflow.RegisterOptions{Name: "Sites"})
	w.RegisterWorkflow(Ledger)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	return obey(t)
}
