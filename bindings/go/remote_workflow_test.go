//go:build cgo

package tdc

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// unreliable is the SDK's codec server with the codec far, which is away for the
// first requests, and takes its time.
func unreliable(t *testing.T, away int32, takes time.Duration) *codecServer {
	t.Helper()
	sdk := converter.NewPayloadCodecHTTPHandler(far{})
	var asked atomic.Int32
	return serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(takes)
		if asked.Add(1) <= away {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		sdk.ServeHTTP(w, r)
	}))
}

// farValues is values as the codec server encodes them.
func farValues(t *testing.T, values ...any) []*commonpb.Payload {
	t.Helper()
	payloads, err := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), far{}).ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	return payloads.GetPayloads()
}

// greets says what the workflow gave back, which must be encoded.
func greets(t *testing.T, f *frontend) {
	t.Helper()
	commands := f.outcome(t).GetCommands()
	completed := commands[len(commands)-1].GetCompleteWorkflowExecutionCommandAttributes()
	if completed == nil {
		t.Fatalf("the workflow did not complete: %v", commands)
	}
	isFar(t, completed.GetResult().GetPayloads()...)
	var got string
	values := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), far{})
	if err := values.FromPayloads(completed.GetResult(), &got); err != nil || got != "hello Ada" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestServerThatIsAwayTwiceFailsTheTaskAndNotTheWorkflow(t *testing.T) {
	server := unreliable(t, 2, 0)
	f := &frontend{events: history(farValues(t, "Ada"))}
	serve(t, f, parse(t, remoteConfig(server.url, "")), greet)
	greets(t, f)
	if n := server.asked(); n != 4 { // away, away, input, result
		t.Errorf("asked %d times", n)
	}
	if len(f.failed) != 1 || f.failed[0].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE {
		t.Errorf("got %v", f.failed)
	}
}

// With encode_common_attributes the report that a task failed needs the server
// as well. Without a report the task times out, and is handed out again.
func TestTaskThatCannotEvenBeReportedIsHandedOutAgain(t *testing.T) {
	server := unreliable(t, 2, 0)
	f := &frontend{events: history(farValues(t, "Ada"))}
	serve(t, f, parse(t, remoteConfig(server.url, "")+"failures: { encode_common_attributes: true }\n"), greet)
	greets(t, f)
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
	if n := server.asked(); n != 4 { // input, report, input, result
		t.Errorf("asked %d times", n)
	}
}

func TestServerThatTakesThreeSecondsIsNoDeadlock(t *testing.T) {
	server := unreliable(t, 0, 3*time.Second)
	f := &frontend{events: history(farValues(t, "Ada")), deadlock: 2 * time.Second}
	serve(t, f, parse(t, remoteConfig(server.url, "")), greet)
	greets(t, f)
	if len(f.failed) != 0 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

// The SDK drops a signal that it cannot decode.
func TestSignalIsNotLostWhileTheServerIsAway(t *testing.T) {
	server := unreliable(t, 1, 0)
	signal := &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: "name", Input: &commonpb.Payloads{Payloads: farValues(t, "Ada")},
			},
		},
	}
	f := &frontend{events: history(nil, signal)}
	serve(t, f, parse(t, remoteConfig(server.url, "")), func(ctx workflow.Context) (string, error) {
		var name string
		workflow.GetSignalChannel(ctx, "name").Receive(ctx, &name)
		return "hello " + name, nil
	})
	greets(t, f)
	if len(f.failed) != 1 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

// A server that does not take the payloads never will: that is the workflow's
// own error.
func TestServerThatRefusesThePayloadsFailsTheWorkflow(t *testing.T) {
	server := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusBadRequest)
	}))
	f := &frontend{events: history(farValues(t, "Ada"))}
	serve(t, f, parse(t, remoteConfig(server.url, "")), greet)
	commands := f.outcome(t).GetCommands()
	if got := commands[len(commands)-1].GetCommandType(); got != enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION {
		t.Errorf("got %v", got)
	}
}
