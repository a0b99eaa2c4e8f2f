package main

import (
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// tampering does what an attacker between a workflow and its activities could do: it flips the last
// bit of every input of an activity after the real codec has encrypted it.
type tampering struct {
	converter.PayloadCodec
	activity bool
}

func (t tampering) WithSerializationContext(sc converter.SerializationContext) converter.PayloadCodec {
	inner := t.PayloadCodec
	if aware, ok := inner.(converter.PayloadCodecWithSerializationContext); ok {
		inner = aware.WithSerializationContext(sc)
	}
	_, activity := sc.(converter.ActivitySerializationContext)
	return tampering{inner, activity}
}

func (t tampering) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded, err := t.PayloadCodec.Encode(payloads)
	if err == nil && t.activity {
		for _, payload := range encoded {
			payload.Data[len(payload.Data)-1] ^= 1
		}
	}
	return encoded, err
}

// Poisoned gives a tampered input to an activity of each helper and answers with how they fail.
func Poisoned(ctx workflow.Context, input string, helpers []string) (map[string]string, error) {
	failures := map[string]string{}
	for _, helper := range helpers {
		// More than one attempt, because a busy server loses tasks, and a timeout is not the failure to
		// look at.
		ctx := workflow.WithRetryPolicy(activityContext(ctx, helper), temporal.RetryPolicy{
			InitialInterval: 50 * time.Millisecond,
			MaximumAttempts: 3,
		})
		err := workflow.ExecuteActivity(ctx, "Stamp", input).Get(ctx, nil)
		var failure *temporal.ApplicationError
		if !errors.As(err, &failure) {
			return nil, fmt.Errorf("expected an application error from %s, found %w", helper, err)
		}
		failures[helper] = err.Error()
		for cause := errors.Unwrap(failure); cause != nil; cause = errors.Unwrap(cause) {
			failures[helper] += ": " + cause.Error()
		}
	}
	return failures, nil
}
