//go:build cgo

package tdc

import (
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Events of a history, as a server would write them. The commands of the first workflow task begin
// at event 5: it is started, scheduled, started and completed before.

func taskCompleted() *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{ScheduledEventId: 2, StartedEventId: 3},
		},
	}
}

// idle is the history of a workflow that waits: its first task is over.
func idle() []*historypb.HistoryEvent {
	events := history(nil)
	completed := taskCompleted()
	completed.EventId = int64(len(events) + 1)
	return append(events, completed)
}

// eventOf is the event that a server writes for a command of the first workflow task; nil if there
// is none.
func eventOf(t *testing.T, command *commandpb.Command) *historypb.HistoryEvent {
	t.Helper()
	event := &historypb.HistoryEvent{UserMetadata: command.GetUserMetadata()}
	switch a := command.GetAttributes().(type) {
	case *commandpb.Command_RecordMarkerCommandAttributes:
		marker := a.RecordMarkerCommandAttributes
		event.EventType = enumspb.EVENT_TYPE_MARKER_RECORDED
		event.Attributes = &historypb.HistoryEvent_MarkerRecordedEventAttributes{
			MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
				MarkerName: marker.GetMarkerName(), Details: marker.GetDetails(), Failure: marker.GetFailure(), WorkflowTaskCompletedEventId: 4,
			},
		}
	case *commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes:
		event.EventType = enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
		event.Attributes = &historypb.HistoryEvent_UpsertWorkflowSearchAttributesEventAttributes{
			UpsertWorkflowSearchAttributesEventAttributes: &historypb.UpsertWorkflowSearchAttributesEventAttributes{
				SearchAttributes:             a.UpsertWorkflowSearchAttributesCommandAttributes.GetSearchAttributes(),
				WorkflowTaskCompletedEventId: 4,
			},
		}
	case *commandpb.Command_ScheduleActivityTaskCommandAttributes:
		activity := a.ScheduleActivityTaskCommandAttributes
		event.EventType = enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
		event.Attributes = &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityId: activity.GetActivityId(), ActivityType: activity.GetActivityType(), TaskQueue: activity.GetTaskQueue(),
				WorkflowTaskCompletedEventId: 4,
			},
		}
	case *commandpb.Command_StartChildWorkflowExecutionCommandAttributes:
		child := a.StartChildWorkflowExecutionCommandAttributes
		event.EventType = enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
		event.Attributes = &historypb.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes{
			StartChildWorkflowExecutionInitiatedEventAttributes: &historypb.StartChildWorkflowExecutionInitiatedEventAttributes{
				WorkflowId: child.GetWorkflowId(), WorkflowType: child.GetWorkflowType(), TaskQueue: child.GetTaskQueue(),
				WorkflowTaskCompletedEventId: 4,
			},
		}
	case *commandpb.Command_ScheduleNexusOperationCommandAttributes:
		operation := a.ScheduleNexusOperationCommandAttributes
		event.EventType = enumspb.EVENT_TYPE_NEXUS_OPERATION_SCHEDULED
		event.Attributes = &historypb.HistoryEvent_NexusOperationScheduledEventAttributes{
			NexusOperationScheduledEventAttributes: &historypb.NexusOperationScheduledEventAttributes{
				Endpoint: operation.GetEndpoint(), Service: operation.GetService(), Operation: operation.GetOperation(),
				WorkflowTaskCompletedEventId: 4,
			},
		}
	default:
		t.Fatalf("the command leaves no event that this knows: %v", command)
	}
	return event
}

func signalled(input *commonpb.Payloads) []*historypb.HistoryEvent {
	return []*historypb.HistoryEvent{{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: "go", Input: input},
		},
	}}
}

func activityCompleted(result *commonpb.Payloads) func(int64) []*historypb.HistoryEvent {
	return func(scheduled int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{activityStarted(scheduled), {
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
				ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
					Result: result, ScheduledEventId: scheduled, StartedEventId: scheduled + 1,
				},
			},
		}}
	}
}

func activityFailed(failure *failurepb.Failure) func(int64) []*historypb.HistoryEvent {
	return func(scheduled int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{activityStarted(scheduled), {
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
				ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
					Failure: failure, ScheduledEventId: scheduled, StartedEventId: scheduled + 1,
					RetryState: enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE,
				},
			},
		}}
	}
}

func activityTimedOut(failure *failurepb.Failure) func(int64) []*historypb.HistoryEvent {
	return func(scheduled int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{activityStarted(scheduled), {
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
			Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
				ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{
					Failure: failure, ScheduledEventId: scheduled, StartedEventId: scheduled + 1, RetryState: enumspb.RETRY_STATE_TIMEOUT,
				},
			},
		}}
	}
}

func activityStarted(scheduled int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{ScheduledEventId: scheduled, Attempt: 1},
		},
	}
}

func childCompleted(result *commonpb.Payloads) func(int64) []*historypb.HistoryEvent {
	return func(initiated int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{childStarted(initiated), {
			EventType: enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
			Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionCompletedEventAttributes{
				ChildWorkflowExecutionCompletedEventAttributes: &historypb.ChildWorkflowExecutionCompletedEventAttributes{
					Result: result, WorkflowExecution: childExecution, WorkflowType: childType,
					InitiatedEventId: initiated, StartedEventId: initiated + 1,
				},
			},
		}}
	}
}

func childFailed(failure *failurepb.Failure) func(int64) []*historypb.HistoryEvent {
	return func(initiated int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{childStarted(initiated), {
			EventType: enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
			Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionFailedEventAttributes{
				ChildWorkflowExecutionFailedEventAttributes: &historypb.ChildWorkflowExecutionFailedEventAttributes{
					Failure: failure, WorkflowExecution: childExecution, WorkflowType: childType,
					InitiatedEventId: initiated, StartedEventId: initiated + 1, RetryState: enumspb.RETRY_STATE_RETRY_POLICY_NOT_SET,
				},
			},
		}}
	}
}

var (
	childExecution = &commonpb.WorkflowExecution{WorkflowId: "c", RunId: "cr"}
	childType      = &commonpb.WorkflowType{Name: "C"}
)

func childStarted(initiated int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED,
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
			ChildWorkflowExecutionStartedEventAttributes: &historypb.ChildWorkflowExecutionStartedEventAttributes{
				WorkflowExecution: childExecution, WorkflowType: childType, InitiatedEventId: initiated,
			},
		},
	}
}

func nexusCompleted(result *commonpb.Payload) func(int64) []*historypb.HistoryEvent {
	return func(scheduled int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{{
			EventType: enumspb.EVENT_TYPE_NEXUS_OPERATION_COMPLETED,
			Attributes: &historypb.HistoryEvent_NexusOperationCompletedEventAttributes{
				NexusOperationCompletedEventAttributes: &historypb.NexusOperationCompletedEventAttributes{
					ScheduledEventId: scheduled, Result: result,
				},
			},
		}}
	}
}

// nexusFailed wraps the handler's failure as a server does.
func nexusFailed(failure *failurepb.Failure) func(int64) []*historypb.HistoryEvent {
	return func(scheduled int64) []*historypb.HistoryEvent {
		return []*historypb.HistoryEvent{{
			EventType: enumspb.EVENT_TYPE_NEXUS_OPERATION_FAILED,
			Attributes: &historypb.HistoryEvent_NexusOperationFailedEventAttributes{
				NexusOperationFailedEventAttributes: &historypb.NexusOperationFailedEventAttributes{
					ScheduledEventId: scheduled,
					Failure: &failurepb.Failure{
						Message: "nexus operation completed unsuccessfully",
						Cause:   failure,
						FailureInfo: &failurepb.Failure_NexusOperationExecutionFailureInfo{
							NexusOperationExecutionFailureInfo: &failurepb.NexusOperationFailureInfo{
								ScheduledEventId: scheduled, Endpoint: "endpoint", Service: "service", Operation: "operation",
							},
						},
					},
				},
			},
		}}
	}
}
