//go:build cgo

package tdc

import (
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// failed is a failure as another process encrypts it under the test key.
func failed(t *testing.T) *failurepb.Failure {
	t.Helper()
	return parse(t, failuresConfig).FailureConverter().ErrorToFailure(temporal.NewNonRetryableApplicationError("secret", "Type", nil, "detail"))
}

// The SDK reads failures from the history, outside of workflow code, and an
// error would be taken for the activity's own.
func TestFailureIsNotMisreadWhileTheProviderIsAway(t *testing.T) {
	started := append(workflowTask(),
		&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{ScheduledEventId: 2, StartedEventId: 3},
			},
		},
		&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
			Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
				ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
					ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "A"}, TaskQueue: &taskqueuepb.TaskQueue{Name: taskQueue},
					WorkflowTaskCompletedEventId: 4,
				},
			},
		},
		&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
			Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
				ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{ScheduledEventId: 5},
			},
		},
		&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
				ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
					ScheduledEventId: 5, StartedEventId: 6, Failure: failed(t), RetryState: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE,
				},
			},
		},
	)
	f := &frontend{events: history(nil, started...)}
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{away: 1})), func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return messageOf(workflow.ExecuteActivity(ctx, "A").Get(ctx, nil))
	})
	if got := result(t, f.outcome(t).GetCommands()); got != "secret, detail" {
		t.Errorf("got %q", got)
	}
	if len(f.failed) != 1 {
		t.Errorf("%d tasks failed: %v", len(f.failed), f.failed)
	}
}

func messageOf(err error) (string, error) {
	var application *temporal.ApplicationError
	var detail string
	if !errors.As(err, &application) {
		return "", err
	}
	if err := application.Details(&detail); err != nil {
		return "", err
	}
	return application.Message() + ", " + detail, nil
}

// The SDK has no way to tell its deadlock detector about a failure converter. So
// a slow provider costs the task, and never the workflow: the key is there when
// the task is tried again.
func TestSlowProviderOfAFailureCostsATaskAtMost(t *testing.T) {
	f := &frontend{events: history(nil), deadlock: 2 * time.Second}
	f.events[0].GetWorkflowExecutionStartedEventAttributes().ContinuedFailure = failed(t)
	serve(t, f, parse(t, hostConfig, WithKeyProvider(&flaky{takes: 3 * time.Second})), func(ctx workflow.Context) (string, error) {
		return messageOf(workflow.GetLastError(ctx))
	})
	if got := result(t, f.outcome(t).GetCommands()); got != "secret, detail" {
		t.Errorf("got %q", got)
	}
	for _, failed := range f.failed {
		if failed.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE {
			t.Errorf("got %v", failed)
		}
	}
}
