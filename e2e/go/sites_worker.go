package main

import (
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// serveSites is the worker of the workflow Sites, and of Ledger.
func serveSites(address, config, queue string) error {
	t, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer t.Close()
	return serveUncached(t, client.Options{HostPort: address}, queue, func(w worker.Worker) {
		sites := &Sites{t.DataConverter()}
		w.RegisterWorkflowWithOptions(sites.Run, workflow.RegisterOptions{Name: "Sites"})
		w.RegisterWorkflow(Ledger)
	})
}
