//go:build cgo

package tdc

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func registerAs(w worker.Worker, fn any, name string) {
	w.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}

// flaky is a provider that is away for the first calls, and takes its time.
type flaky struct {
	mu    sync.Mutex
	away  int
	takes time.Duration
	asked int
}

func (f *flaky) Key(context.Context, string) ([]byte, error) {
	time.Sleep(f.takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.asked <= f.away {
		return nil, errors.New("the key service is away")
	}
	return []byte(testKey), nil
}

// encrypted is values as another process encrypts them under the test key.
func encrypted(t *testing.T, values ...any) []*commonpb.Payload {
	t.Helper()
	payloads, err := parse(t, encryptConfig).DataConverter().ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	return payloads.GetPayloads()
}

// result decrypts what the workflow gave back.
func result(t *testing.T, commands []*commandpb.Command) string {
	t.Helper()
	if len(commands) == 0 || last(commands).GetCommandType() != enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION {
		t.Fatalf("the workflow did not complete: %v", commands)
	}
	var got string
	completed := last(commands).GetCompleteWorkflowExecutionCommandAttributes()
	if err := parse(t, encryptConfig).DataConverter().FromPayloads(completed.GetResult(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

func TestProviderThatFailsTwiceFailsTheTaskAndNotTheWorkflow(t *testing.T) {
	f := &frontend{events: history(encrypted(t, "Ada"))}
	provider := &flaky{away: 2}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(provider)), greet)
	if got := result(t, f.outcome(t).GetCommands()); got != "hello Ada" {
		t.Errorf("got %q", got)
	}
	if provider.asked != 3 {
		t.Errorf("the provider was asked %d times", provider.asked)
	}
	if len(f.failed) != 1 || f.failed[0].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE {
		t.Errorf("got %v", f.failed)
	}
}

func TestProviderThatTakesThreeSecondsIsNoDeadlock(t *testing.T) {
	f := &frontend{events: history(encrypted(t, "Ada")), deadlock: 2 * time.Second}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{takes: 3 * time.Second})), greet)
	if got := result(t, f.outcome(t).GetCommands()); got != "hello Ada" {
		t.Errorf("got %q", got)
	}
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

// The SDK drops a signal that it cannot decode, and a codec is not told that it
// runs in workflow code.
func TestSignalIsNotLostWhileTheProviderIsAway(t *testing.T) {
	signal := &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: "name", Input: &commonpb.Payloads{Payloads: encrypted(t, "Ada")},
			},
		},
	}
	f := &frontend{events: history(nil, signal)}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{away: 1})), func(ctx workflow.Context) (string, error) {
		var name string
		workflow.GetSignalChannel(ctx, "name").Receive(ctx, &name)
		return "hello " + name, nil
	})
	if got := result(t, f.outcome(t).GetCommands()); got != "hello Ada" {
		t.Errorf("got %q", got)
	}
	if len(f.failed) != 1 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

// The SDK reads markers outside of workflow code, with a data converter that it
// does not tell so, and ignores errors: the version would be read as 0.
func TestVersionMarkerIsNotMisreadWhileTheProviderIsAway(t *testing.T) {
	plain := converter.GetDefaultDataConverter()
	name, err := plain.ToPayloads("change")
	if err != nil {
		t.Fatal(err)
	}
	events := []*historypb.HistoryEvent{
		workflowTask()[0], workflowTask()[1],
		{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{ScheduledEventId: 2, StartedEventId: 3},
			},
		},
		{
			EventType: enumspb.EVENT_TYPE_MARKER_RECORDED,
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
					MarkerName:                   "Version",
					WorkflowTaskCompletedEventId: 4,
					Details: map[string]*commonpb.Payloads{
						"change-id": name,
						"version":   {Payloads: encrypted(t, 7)},
					},
				},
			},
		},
	}
	f := &frontend{events: history(nil, events...)}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{away: 1})), func(ctx workflow.Context) (workflow.Version, error) {
		return workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 7), nil
	})
	commands := f.outcome(t).GetCommands()
	var got workflow.Version
	last := commands[len(commands)-1].GetCompleteWorkflowExecutionCommandAttributes()
	if err := parse(t, encryptConfig).DataConverter().FromPayloads(last.GetResult(), &got); err != nil || got != 7 {
		t.Errorf("got %v, %v", got, err)
	}
	if len(f.failed) != 1 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

func TestPermanentFaultIsTheWorkflowsOwnError(t *testing.T) {
	input := encrypted(t, "Ada")
	input[0].Data = input[0].Data[:20]
	f := &frontend{events: history(input)}
	serve(t, f, parse(t, encryptConfig), greet)
	commands := f.outcome(t).GetCommands()
	if got := commands[len(commands)-1].GetCommandType(); got != enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION {
		t.Errorf("got %v", got)
	}
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

// The caller of a query gets the error and can ask again; a panic would leave
// it waiting until its timeout.
func TestQueryIsAnsweredWithTheTransientError(t *testing.T) {
	f := &frontend{
		events: idle(),
		query:  &querypb.WorkflowQuery{QueryType: "greet", QueryArgs: &commonpb.Payloads{Payloads: encrypted(t, "Ada")}},
	}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{away: 1})), func(ctx workflow.Context) error {
		err := workflow.SetQueryHandler(ctx, "greet", func(name string) (string, error) { return "hello " + name, nil })
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return err
	})
	answer := f.answer(t)
	if answer.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_FAILED || !strings.Contains(answer.GetErrorMessage(), "TDC_ERR_KEY_PROVIDER") {
		t.Errorf("got %v", answer)
	}
}
