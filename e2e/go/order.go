package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// OrderInput is what an order starts with, and what continue-as-new carries over. Helpers are the
// workers whose activities it runs; every other string in it is a secret of the test.
type OrderInput struct {
	Customer string   `json:"customer"`
	Helpers  []string `json:"helpers"`
	Carried  string   `json:"carried"`
	Seen     []string `json:"seen"`
	Round    int      `json:"round"`
}

// Status is the answer of the query and of the update.
type Status struct {
	Customer string `json:"customer"`
	Answer   string `json:"answer"`
}

// orderState is the search attribute that the workflow itself sets; it must stay readable for the
// server.
var orderState = temporal.NewSearchAttributeKeyKeyword("OrderState")

// Order is the workflow through which every kind of payload goes: in its first round it takes a
// signal, a query and an update, sets a memo and a search attribute, records a side effect, runs
// activities in Python and Java that heartbeat, fail once and then succeed, and continues as new.
// In its second round it answers with all that it has seen.
func Order(ctx workflow.Context, order OrderInput) (OrderInput, error) {
	if order.Round > 0 {
		order.Seen = append(order.Seen, order.Carried)
		return order, nil
	}

	noted, amended := false, false
	if err := workflow.SetQueryHandler(ctx, "status", func(question string) (Status, error) {
		return Status{order.Customer, "answer to " + question}, nil
	}); err != nil {
		return order, err
	}
	if err := workflow.SetUpdateHandler(ctx, "amend", func(_ workflow.Context, amendment string) (Status, error) {
		order.Seen = append(order.Seen, amendment)
		amended = true
		return Status{order.Customer, "answer to " + amendment}, nil
	}); err != nil {
		return order, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{"clerk": "clerk of " + order.Customer}); err != nil {
		return order, err
	}
	var effect string
	if err := workflow.SideEffect(ctx, func(workflow.Context) any {
		return "side effect of " + order.Customer
	}).Get(&effect); err != nil {
		return order, err
	}
	order.Seen = append(order.Seen, effect)

	workflow.Go(ctx, func(ctx workflow.Context) {
		var note string
		workflow.GetSignalChannel(ctx, "note").Receive(ctx, &note)
		order.Seen = append(order.Seen, note)
		noted = true
	})
	if err := workflow.Await(ctx, func() bool { return noted && amended }); err != nil {
		return order, err
	}

	for _, helper := range order.Helpers {
		seen, err := handle(ctx, helper, order.Customer)
		if err != nil {
			return order, err
		}
		order.Seen = append(order.Seen, seen...)
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, orderState.ValueSet("shipped")); err != nil {
		return order, err
	}
	slices.Sort(order.Seen)
	order.Carried = "carried for " + order.Customer
	order.Round++
	return order, workflow.NewContinueAsNewError(ctx, Order, order)
}

// handle runs the two activities of one helper: the first heartbeats, fails, and succeeds when it
// is tried again; the second refuses for good, with a message and details that only a reader with
// the key sees.
func handle(ctx workflow.Context, helper, customer string) ([]string, error) {
	ctx = activityContext(ctx, helper)
	var handled string
	if err := workflow.ExecuteActivity(ctx, "Handle", customer).Get(ctx, &handled); err != nil {
		return nil, err
	}
	refusal, err := refuse(ctx, customer)
	if err != nil {
		return nil, err
	}
	var details string
	if err := refusal.Details(&details); err != nil {
		return nil, err
	}
	return []string{handled, refusal.Message(), details}, nil
}

// refuse runs the activity that refuses and returns its error as the workflow sees it.
func refuse(ctx workflow.Context, customer string) (*temporal.ApplicationError, error) {
	err := workflow.ExecuteActivity(ctx, "Refuse", customer).Get(ctx, nil)
	var refusal *temporal.ApplicationError
	if !errors.As(err, &refusal) {
		return nil, fmt.Errorf("expected an application error from Refuse, found %w", err)
	}
	return refusal, nil
}

// RefusedOrder fails: its failure has that of its first helper's activity as its cause, and a
// message and details of its own.
func RefusedOrder(ctx workflow.Context, order OrderInput) error {
	refusal, err := refuse(activityContext(ctx, order.Helpers[0]), order.Customer)
	if err != nil {
		return err
	}
	return temporal.NewApplicationErrorWithCause(
		"refused order of "+order.Customer, "Refused", refusal, "file on "+order.Customer)
}

// activityContext sends activities to one helper. The retry comes quickly, because the test waits
// for it.
func activityContext(ctx workflow.Context, helper string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           helper,
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    30 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond},
	})
}
