package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// Parcel gives its work to a workflow in Python, which gives it to an activity in Java, which
// refuses: three failures, one in the other, each with a message and details of its own.
func Parcel(ctx workflow.Context, customer, helper string) error {
	// Not made of this workflow's own id, which a replayer need not know.
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{TaskQueue: "python", WorkflowID: "parcel-courier"})
	if err := workflow.ExecuteChildWorkflow(ctx, "Courier", customer, helper).Get(ctx, nil); err != nil {
		return temporal.NewApplicationErrorWithCause("parcel of "+customer+" is lost", "Lost", err, "parcel file on "+customer)
	}
	return nil
}

// readFailure is what a client in Go reads of a workflow that failed: it prints the messages and
// details of the chain as JSON.
func readFailure(address, config, workflowID string) error {
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
	failed := c.GetWorkflow(context.Background(), workflowID, "").Get(context.Background(), nil)
	if failed == nil {
		return fmt.Errorf("%s did not fail", workflowID)
	}
	var read []string
	for link := failed; link != nil; link = errors.Unwrap(link) {
		var detail string
		application, ok := link.(*temporal.ApplicationError)
		if !ok {
			continue
		}
		read = append(read, application.Message())
		if application.HasDetails() {
			if err := application.Details(&detail); err != nil {
				return err
			}
			read = append(read, detail)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(read)
}
