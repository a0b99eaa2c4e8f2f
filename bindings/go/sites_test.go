//go:build cgo

package tdc

import (
	"errors"
	"strings"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const hidden = "hidden value"

// A site is a place where workflow code reads what another process encrypted. The workflow returns
// what it reads there, which is the hidden value.
type site struct {
	workflow func(*Tdc) any
	input    []*commonpb.Payload
	started  func(*historypb.WorkflowExecutionStartedEventAttributes) // what the start of the workflow holds besides
	// then is what happens after the first workflow task, whose commands are in
	// the history; without it there is only one task.
	then func(scheduled int64) []*historypb.HistoryEvent
}

// sites are all but queries and updates, which have tests of their own.
func sites(t *testing.T) map[string]site {
	payloads := &commonpb.Payloads{Payloads: encrypted(t, hidden)}
	return map[string]site{
		"input": {
			workflow: func(*Tdc) any { return func(_ workflow.Context, s string) (string, error) { return s, nil } },
			input:    payloads.Payloads,
		},
		"memo": {
			workflow: func(opened *Tdc) any {
				return func(ctx workflow.Context) (string, error) {
					note := workflow.GetInfo(ctx).Memo.GetFields()["note"]
					return got(func(s any) error { return opened.DataConverter().FromPayload(note, s) })
				}
			},
			started: func(a *historypb.WorkflowExecutionStartedEventAttributes) {
				a.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{"note": payloads.Payloads[0]}}
			},
		},
		"continue-as-new": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				return got(func(s any) error { return workflow.GetLastCompletionResult(ctx, s) })
			}),
			started: func(a *historypb.WorkflowExecutionStartedEventAttributes) { a.LastCompletionResult = payloads },
		},
		"failure of the run before": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return detailOf(workflow.GetLastError(ctx)) }),
			started: func(a *historypb.WorkflowExecutionStartedEventAttributes) {
				a.ContinuedFailure = sealedFailure(t, failure())
			},
		},
		"signal": {
			workflow: reads(func(ctx workflow.Context) (s string, err error) {
				workflow.GetSignalChannel(ctx, "go").Receive(ctx, &s)
				return s, nil
			}),
			then: func(int64) []*historypb.HistoryEvent { return signalled(payloads) },
		},
		"activity": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return valueOfFuture(ctx, anActivity(ctx)) }),
			then:     activityCompleted(payloads),
		},
		"failure of an activity": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return detailOf(anActivity(ctx).Get(ctx, nil)) }),
			then:     activityFailed(sealedFailure(t, failure())),
		},
		"heartbeat of an activity that timed out": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				var timeout *temporal.TimeoutError
				if err := anActivity(ctx).Get(ctx, nil); !errors.As(err, &timeout) {
					return "", err
				}
				return got(func(s any) error { return timeout.LastHeartbeatDetails(s) })
			}),
			then: activityTimedOut(sealedFailure(t, temporal.NewHeartbeatTimeoutError(hidden))),
		},
		"local activity": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				s, err := valueOfFuture(ctx, localActivity(ctx, func() (string, error) { return hidden, nil }))
				return s, errors.Join(err, wait(ctx))
			}),
			then: goOn,
		},
		"failure of a local activity": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				s, err := detailOf(localActivity(ctx, func() (string, error) { return "", failure() }).Get(ctx, nil))
				return s, errors.Join(err, wait(ctx))
			}),
			then: goOn,
		},
		"child workflow": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return valueOfFuture(ctx, aChild(ctx)) }),
			then:     childCompleted(payloads),
		},
		"failure of a child workflow": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return detailOf(aChild(ctx).Get(ctx, nil)) }),
			then:     childFailed(sealedFailure(t, failure())),
		},
		"Nexus operation": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return valueOfFuture(ctx, nexusOperation(ctx)) }),
			then:     nexusCompleted(payloads.Payloads[0]),
		},
		"failure of a Nexus operation": {
			workflow: reads(func(ctx workflow.Context) (string, error) { return detailOf(nexusOperation(ctx).Get(ctx, nil)) }),
			then:     nexusFailed(sealedFailure(t, failure())),
		},
		"side effect": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				s, err := got(workflow.SideEffect(ctx, func(workflow.Context) any { return hidden }).Get)
				return s, errors.Join(err, wait(ctx))
			}),
			then: goOn,
		},
		"mutable side effect": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				value := workflow.MutableSideEffect(ctx, "id", func(workflow.Context) any { return hidden }, func(a, b any) bool { return a == b })
				s, err := got(value.Get)
				return s, errors.Join(err, wait(ctx))
			}),
			then: goOn,
		},
		"version": {
			workflow: reads(func(ctx workflow.Context) (string, error) {
				if v := workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 7); v != 7 {
					return "", errors.New("another version")
				}
				return hidden, wait(ctx)
			}),
			then: goOn,
		},
	}
}

func reads(fn func(workflow.Context) (string, error)) func(*Tdc) any {
	return func(*Tdc) any { return fn }
}

// got is what get puts into a string.
func got(get func(any) error) (s string, err error) {
	err = get(&s)
	return s, err
}

func valueOfFuture(ctx workflow.Context, f workflow.Future) (string, error) {
	return got(func(s any) error { return f.Get(ctx, s) })
}

// wait keeps the workflow open for another task.
func wait(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

func goOn(int64) []*historypb.HistoryEvent { return signalled(nil) }

func anActivity(ctx workflow.Context) workflow.Future {
	options := workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}}
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), "A")
}

func localActivity(ctx workflow.Context, fn func() (string, error)) workflow.Future {
	options := workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}}
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), fn)
}

func aChild(ctx workflow.Context) workflow.Future {
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "c"}), "C")
}

func nexusOperation(ctx workflow.Context) workflow.Future {
	return workflow.NewNexusClient("endpoint", "service").ExecuteOperation(ctx, "operation", "in", workflow.NexusOperationOptions{})
}

func failure() error { return temporal.NewNonRetryableApplicationError("failed", "Type", nil, hidden) }

// sealedFailure is err as another process encrypts it under the test key.
func sealedFailure(t *testing.T, err error) *failurepb.Failure {
	t.Helper()
	return parse(t, failuresConfig).FailureConverter().ErrorToFailure(err)
}

// detailOf is the detail of an error whose message was read as well.
func detailOf(err error) (string, error) {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) || application.Message() != "failed" {
		return "", errors.Join(err, errors.New("another error"))
	}
	return got(func(s any) error { return application.Details(s) })
}

// withWrongKey opens a configuration whose key has other bytes than the test key of the same id,
// and returns a function that fixes this as an operator would.
func withWrongKey(t *testing.T, opts ...Option) (opened *Tdc, cure func()) {
	t.Helper()
	path := t.TempDir() + "/tdc.yaml"
	write(t, path, strings.ReplaceAll(failuresConfig, "dGVzdC1r", "d3Jvbmcr"))
	opened, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened, func() {
		write(t, path, failuresConfig)
		if err := opened.Reload(); err != nil {
			t.Error(err)
		}
	}
}

// events is the history of the workflow at this site. The first task, if it is
// over, is processed by a worker with the right key.
func (s site) events(t *testing.T) []*historypb.HistoryEvent {
	t.Helper()
	start := func(events ...*historypb.HistoryEvent) []*historypb.HistoryEvent {
		all := history(s.input, events...)
		if s.started != nil {
			s.started(all[0].GetWorkflowExecutionStartedEventAttributes())
		}
		return all
	}
	if s.then == nil {
		return start()
	}
	right := parse(t, failuresConfig)
	f := &frontend{events: start()}
	serve(t, f, right, s.workflow(right))
	first := append(workflowTask(), taskCompleted())
	for _, command := range f.outcome(t).GetCommands() {
		if event := eventOf(t, command); event != nil {
			first = append(first, event)
		}
	}
	return start(append(first, s.then(5)...)...)
}

func TestWrongKeyFailsTheTaskAndNotTheWorkflow(t *testing.T) {
	for name, s := range sites(t) {
		t.Run(name, func(t *testing.T) {
			events := s.events(t)
			opened, cure := withWrongKey(t)
			f := &frontend{events: events, onFailure: cure}
			serve(t, f, opened, s.workflow(opened))
			if read := result(t, f.outcome(t).GetCommands()); read != hidden {
				t.Errorf("got %q", read)
			}
			if len(f.failed) != 1 || f.failed[0].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE {
				t.Errorf("got %v", f.failed)
			}
		})
	}
}

// With the option the SDK does what it does with any codec.
func TestWithSDKErrorsTheSDKJudges(t *testing.T) {
	ends := map[string]enumspb.CommandType{
		"input":    enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		"activity": enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		"version":  enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION, // read as another version
	}
	for name, s := range sites(t) {
		end, ok := ends[name]
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			opened, _ := withWrongKey(t, WithSDKErrors())
			f := &frontend{events: s.events(t)}
			serve(t, f, opened, s.workflow(opened))
			if got := last(f.outcome(t).GetCommands()).GetCommandType(); got != end || len(f.failed) != 0 {
				t.Errorf("got %v, failed tasks: %v", got, f.failed)
			}
		})
	}
}

func last(commands []*commandpb.Command) *commandpb.Command { return commands[len(commands)-1] }

// With the policy FailWorkflow, every panic ends the workflow: no error of a codec can fail the
// task alone.
func TestUnderFailWorkflowAWrongKeyEndsTheWorkflow(t *testing.T) {
	s := sites(t)["input"]
	opened, _ := withWrongKey(t)
	f := &frontend{events: s.events(t), policy: worker.FailWorkflow}
	serve(t, f, opened, s.workflow(opened))
	if end := last(f.outcome(t).GetCommands()).GetCommandType(); end != enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION {
		t.Errorf("got %v", end)
	}
}

// Workflow code may be nested deeper than the stack is looked at in one go.
func TestWrongKeyInDeeplyNestedCodeFailsTheTask(t *testing.T) {
	sealed := encrypted(t, hidden)[0]
	opened, cure := withWrongKey(t)
	f := &frontend{events: history(nil), onFailure: cure}
	serve(t, f, opened, func(workflow.Context) (string, error) { return deep(500, opened.DataConverter(), sealed) })
	if read := result(t, f.outcome(t).GetCommands()); read != hidden {
		t.Errorf("got %q", read)
	}
}

func deep(levels int, dc converter.DataConverter, sealed *commonpb.Payload) (s string, err error) {
	if levels > 0 {
		return deep(levels-1, dc, sealed)
	}
	return got(func(s any) error { return dc.FromPayload(sealed, s) })
}
