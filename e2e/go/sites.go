package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Sites is the workflow that decodes at every site where workflow code can meet a payload; Python
// and Java have the same one. It takes the steps that it is told, in their order, and answers with
// all that it has read.
type Sites struct {
	values converter.DataConverter
}

// Run passes the sites. Its helper is the task queue and the Nexus endpoint from which answers
// come.
func (s *Sites) Run(ctx workflow.Context, opening, helper string) ([]string, error) {
	seen := []string{opening}
	if err := workflow.SetQueryHandler(ctx, "ask", func(question string) ([]string, error) {
		return append([]string{question}, seen...), nil
	}); err != nil {
		return nil, err
	}
	if err := workflow.SetUpdateHandler(ctx, "amend", func(_ workflow.Context, amendment string) (string, error) {
		seen = append(seen, amendment)
		return amendment, nil
	}); err != nil {
		return nil, err
	}
	steps := workflow.NewSelector(ctx)
	var word, step string
	// The first that is ready wins, so nothing that was said is left when the workflow closes.
	steps.AddReceive(workflow.GetSignalChannel(ctx, "say"), func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &word)
		seen = append(seen, word)
	})
	steps.AddReceive(workflow.GetSignalChannel(ctx, "step"), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &step) })
	for {
		step = ""
		steps.Select(ctx)
		switch step {
		case "":
			continue
		case "close":
			return seen, nil
		case "continue-as-new":
			return nil, workflow.NewContinueAsNewError(ctx, "Sites", opening, helper)
		}
		read, err := s.pass(ctx, step, opening, helper)
		if err != nil {
			return nil, err
		}
		seen = append(seen, read)
	}
}

// pass takes one step and answers with what it read there.
func (s *Sites) pass(ctx workflow.Context, step, opening, helper string) (read string, err error) {
	switch step {
	case "memo":
		err = s.values.FromPayload(workflow.GetInfo(ctx).Memo.Fields["note"], &read)
	case "activity":
		err = workflow.ExecuteActivity(activityContext(ctx, helper), "Answer", opening).Get(ctx, &read)
	case "activity-failure":
		read, err = refused(workflow.ExecuteActivity(activityContext(ctx, helper), "Refuse", opening).Get(ctx, nil))
	case "child":
		err = workflow.ExecuteChildWorkflow(childContext(ctx, helper), "AnswerChild", opening).Get(ctx, &read)
	case "child-failure":
		read, err = refused(workflow.ExecuteChildWorkflow(childContext(ctx, helper), "RefuseChild", opening).Get(ctx, nil))
	case "nexus":
		err = operation(ctx, helper, "answer", opening).Get(ctx, &read)
	case "nexus-failure":
		read, err = refused(operation(ctx, helper, "refuse", opening).Get(ctx, nil))
	case "nexus-late-failure":
		read, err = refused(operation(ctx, helper, "refuse_later", opening).Get(ctx, nil))
	case "local-activity":
		err = workflow.ExecuteLocalActivity(localContext(ctx), answer, opening).Get(ctx, &read)
	case "local-failure":
		read, err = refused(workflow.ExecuteLocalActivity(localContext(ctx), refuseLocally, opening).Get(ctx, nil))
	case "side-effect":
		err = workflow.SideEffect(ctx, func(workflow.Context) any { return "answer to " + opening }).Get(&read)
	case "mutable-side-effect":
		err = workflow.MutableSideEffect(ctx, "effect", func(workflow.Context) any {
			return "answer to " + opening
		}, func(a, b any) bool { return a == b }).Get(&read)
	case "version":
		read = fmt.Sprintf("version %d", workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 1))
	default:
		err = fmt.Errorf("unknown step %q", step)
	}
	return read, err
}

func operation(ctx workflow.Context, endpoint, name, word string) workflow.NexusOperationFuture {
	return workflow.NewNexusClient(endpoint, "Answers").ExecuteOperation(
		ctx, name, word, workflow.NexusOperationOptions{ScheduleToCloseTimeout: time.Minute})
}

// refused is the message and the details of a failure: a reader needs both to be decoded.
func refused(err error) (string, error) {
	var refusal *temporal.ApplicationError
	if !errors.As(err, &refusal) {
		return "", fmt.Errorf("expected an application error, found %w", err)
	}
	// A Nexus operation's failure wraps the one that its handler gave as its cause.
	errors.As(refusal.Unwrap(), &refusal)
	var details string
	if err := refusal.Details(&details); err != nil {
		return "", err
	}
	return refusal.Message() + ", " + details, nil
}

func answer(_ context.Context, word string) (string, error) {
	return "answer to " + word, nil
}

func refuseLocally(_ context.Context, word string) error {
	return temporal.NewNonRetryableApplicationError("refusal of "+word, "Refused", nil, "record of "+word)
}

func localContext(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
}

func childContext(ctx workflow.Context, helper string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{TaskQueue: helper})
}
