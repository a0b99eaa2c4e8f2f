// Package greeting is the workflow of the example. Nothing in it knows that its
// payloads are encrypted.
package greeting

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"
)

// TaskQueue is where the worker listens.
const TaskQueue = "tdc-greeting"

// Workflow greets by an activity.
func Workflow(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var greeting string
	err := workflow.ExecuteActivity(ctx, Activity, name).Get(ctx, &greeting)
	return greeting, err
}

// Activity makes a greeting.
func Activity(_ context.Context, name string) (string, error) {
	return "Hello, " + name + "!", nil
}
