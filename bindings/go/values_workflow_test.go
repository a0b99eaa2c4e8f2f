//go:build cgo

package tdc

import (
	"context"
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// everything passes values of every kind through all that the SDK converts.
func everything(ctx workflow.Context, in box[order], ref *commonpb.WorkflowExecution, raw []byte, none *order) (*commonpb.WorkflowExecution, error) {
	if none != nil || string(raw) != "raw" {
		return nil, errors.New("the arguments are others")
	}
	err := workflow.SetQueryHandler(ctx, "order", func(suffix string) (order, error) { return order{ID: in.In.ID + suffix}, nil })
	if err != nil {
		return nil, err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	var signalled order
	workflow.GetSignalChannel(ctx, "order").Receive(ctx, &signalled)
	var side float64
	if err := workflow.SideEffect(ctx, func(workflow.Context) any { return 0.5 }).Get(&side); err != nil || side != 0.5 {
		return nil, errors.New("the side effect is another")
	}
	var back *commonpb.WorkflowExecution
	if err := workflow.ExecuteActivity(ctx, extend, ref, signalled).Get(ctx, &back); err != nil {
		return nil, err
	}
	var application *temporal.ApplicationError
	var details order
	err = workflow.ExecuteActivity(ctx, refuse).Get(ctx, nil)
	if !errors.As(err, &application) || application.Details(&details) != nil || details.ID != "details" {
		return nil, err
	}
	return back, nil
}

func extend(ctx context.Context, ref *commonpb.WorkflowExecution, with order) (*commonpb.WorkflowExecution, error) {
	activity.RecordHeartbeat(ctx, with)
	return &commonpb.WorkflowExecution{WorkflowId: ref.GetWorkflowId() + with.ID, RunId: ref.GetRunId()}, nil
}

func refuse(context.Context) error {
	return temporal.NewApplicationError("refused", "Refused", order{ID: "details"})
}

func TestWorkflowsRunWithTheConverters(t *testing.T) {
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			opened := parse(t, list)
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(quiet{})
			env := suite.NewTestWorkflowEnvironment()
			env.SetDataConverter(opened.DataConverter())
			env.SetFailureConverter(opened.FailureConverter())
			env.RegisterActivity(extend)
			env.RegisterActivity(refuse)
			heartbeats := 0
			env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
				var got order
				if err := details.Get(&got); err != nil || got.ID != "s" {
					t.Errorf("got %v, %v", got, err)
				}
				heartbeats++
			})
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("order", order{ID: "s"}) }, time.Millisecond)
			env.ExecuteWorkflow(everything, box[order]{order{ID: "o-1"}}, execution(), []byte("raw"), (*order)(nil))
			var got *commonpb.WorkflowExecution
			if err := env.GetWorkflowResult(&got); err != nil || got.GetWorkflowId() != "ws" || got.GetRunId() != "r" {
				t.Errorf("got %v, %v", got, err)
			}
			answer, err := env.QueryWorkflow("order", "?")
			var asked order
			if err != nil || answer.Get(&asked) != nil || asked.ID != "o-1?" {
				t.Errorf("got %v, %v", asked, err)
			}
			if heartbeats != 1 {
				t.Errorf("%d heartbeats", heartbeats)
			}
		})
	}
}

// In a worker, whose workflow code asks with its own context.
func TestWorkerSpeaksTheConfiguredForm(t *testing.T) {
	input, err := parse(t, msgpackList).DataConverter().ToPayloads(order{ID: "o-1"})
	if err != nil {
		t.Fatal(err)
	}
	f := &frontend{events: history(input.GetPayloads())}
	serve(t, f, parse(t, msgpackList), func(_ workflow.Context, in order) (box[order], error) { return box[order]{in}, nil })
	commands := f.outcome(t).GetCommands()
	last := commands[len(commands)-1]
	if last.GetCommandType() != enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION {
		t.Fatalf("the workflow did not complete: %v", last)
	}
	result := last.GetCompleteWorkflowExecutionCommandAttributes().GetResult().GetPayloads()[0]
	if encodingOf(result) != "binary/msgpack" || string(result.Data) != "\x81\xa2in\x82\xa2ID\xa3o-1\xa5Items\xc0" {
		t.Errorf("got %v", result)
	}
}

func TestRefusedValueIsTheWorkflowsOwnError(t *testing.T) {
	f := &frontend{events: history([]*commonpb.Payload{payloadOf("my/own", "x")})}
	serve(t, f, parse(t, msgpackList), greet)
	commands := f.outcome(t).GetCommands()
	if got := commands[len(commands)-1].GetCommandType(); got != enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION {
		t.Errorf("got %v", got)
	}
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}
