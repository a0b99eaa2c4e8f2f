package main

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Ticket is the workflow that people look at and act on, by the command line and in the Web UI. Its
// history has what a person wants to see: an input, a memo, the result of an activity and the
// failure of another, signals, and at last a result, a failure or the details of a cancellation. It
// ends when it is told to close or to fail, or when it is cancelled.
func Ticket(ctx workflow.Context, customer string) ([]string, error) {
	var seen []string
	if err := workflow.SetQueryHandler(ctx, "status", func(question string) (Status, error) {
		return Status{customer, "answer to " + question}, nil
	}); err != nil {
		return nil, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{"clerk": "clerk of " + customer}); err != nil {
		return nil, err
	}
	var stamped string
	helper := activityContext(ctx, "python")
	if err := workflow.ExecuteActivity(helper, "Stamp", customer).Get(ctx, &stamped); err != nil {
		return nil, err
	}
	if _, err := refuse(helper, customer); err != nil {
		return nil, err
	}
	seen = append(seen, stamped)

	signals := workflow.GetSignalChannel(ctx, "say")
	for {
		var word string
		selector := workflow.NewSelector(ctx)
		selector.AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &word) })
		selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
		selector.Select(ctx)
		switch {
		case errors.Is(ctx.Err(), workflow.ErrCanceled):
			return nil, temporal.NewCanceledError("farewell to " + customer)
		case word == "close":
			return seen, nil
		case word == "fail":
			return nil, temporal.NewApplicationError("cannot serve "+customer, "Unserved", "file on "+customer)
		}
		seen = append(seen, word)
	}
}
