//go:build cgo

package tdc

import (
	"cmp"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	querypb "go.temporal.io/api/query/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// frontend is as much of a Temporal server as one workflow needs: it hands out a workflow task with
// the given history until the worker completes it, and keeps the worker's answers. The worker, its
// client and the protocol are the SDK's own.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	events   []*historypb.HistoryEvent
	query    *querypb.WorkflowQuery // asked instead of giving a task to complete
	messages []*protocolpb.Message  // of the task: updates
	deadlock time.Duration          // when the SDK calls slow workflow code a deadlock; a minute if it is 0
	tasks    chan int32             // the attempts to hand out
	attempt  atomic.Int32           // the last of them
	done     atomic.Bool            // with the task: it was completed, or the query answered

	onFailure func()     // called when the failure of a task is reported; may be nil
	logger    log.Logger // of the worker; quiet if it is nil
	policy    worker.WorkflowPanicPolicy

	failed    []*workflowservice.RespondWorkflowTaskFailedRequest
	completed chan *workflowservice.RespondWorkflowTaskCompletedRequest
	answered  chan *workflowservice.RespondQueryTaskCompletedRequest
}

const (
	workflowName = "W"
	taskQueue    = "queue"
)

// serve starts a frontend and a worker on it that runs workflow.
func serve(t *testing.T, f *frontend, opened *Tdc, workflow any) {
	t.Helper()
	f.tasks = make(chan int32, 10)
	f.completed = make(chan *workflowservice.RespondWorkflowTaskCompletedRequest, 1)
	f.answered = make(chan *workflowservice.RespondQueryTaskCompletedRequest, 1)
	f.tasks <- f.attempt.Add(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	logger := f.logger
	if logger == nil {
		logger = quiet{}
	}
	c, err := client.Dial(client.Options{
		HostPort:         listener.Addr().String(),
		DataConverter:    opened.DataConverter(),
		FailureConverter: opened.FailureConverter(),
		Logger:           logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w := worker.New(c, taskQueue, worker.Options{
		DisableRegistrationAliasing: true,
		LocalActivityWorkerOnly:     true,
		DeadlockDetectionTimeout:    cmp.Or(f.deadlock, time.Minute),
		Tuner:                       f.tuner(t),
		WorkflowPanicPolicy:         f.policy,
	})
	registerAs(w, workflow, workflowName)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// tuner gives the worker slots that tell the frontend when a task is over.
func (f *frontend) tuner(t *testing.T) worker.WorkerTuner {
	t.Helper()
	slots, err := worker.NewFixedSizeSlotSupplier(10)
	if err != nil {
		t.Fatal(err)
	}
	tuner, err := worker.NewCompositeTuner(worker.CompositeTunerOptions{
		WorkflowSlotSupplier:        taskSlots{slots, f},
		ActivitySlotSupplier:        slots,
		LocalActivitySlotSupplier:   slots,
		NexusSlotSupplier:           slots,
		SessionActivitySlotSupplier: slots,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tuner
}

// taskSlots takes the place of a task's timeout. The worker reports only the
// first failure of a task, and lets later attempts time out: here the next
// attempt follows as soon as the worker is done with one.
type taskSlots struct {
	worker.SlotSupplier
	f *frontend
}

func (s taskSlots) MarkSlotUsed(info worker.SlotMarkUsedInfo) { info.Permit().UserData = true }

func (s taskSlots) ReleaseSlot(info worker.SlotReleaseInfo) {
	s.SlotSupplier.ReleaseSlot(info)
	if info.Permit().UserData != nil && !s.f.done.Load() {
		s.f.tasks <- s.f.attempt.Add(1)
	}
}

// outcome waits until the worker completes a task.
func (f *frontend) outcome(t *testing.T) *workflowservice.RespondWorkflowTaskCompletedRequest {
	t.Helper()
	select {
	case completed := <-f.completed:
		return completed
	case <-time.After(30 * time.Second):
		t.Fatalf("no workflow task was completed; failed: %v", f.failed)
		return nil
	}
}

// answer waits until the worker answers a query.
func (f *frontend) answer(t *testing.T) *workflowservice.RespondQueryTaskCompletedRequest {
	t.Helper()
	select {
	case answer := <-f.answered:
		return answer
	case <-time.After(30 * time.Second):
		t.Fatal("the query was not answered")
		return nil
	}
}

func (f *frontend) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case attempt := <-f.tasks:
		return f.task(attempt), nil
	}
}

func (f *frontend) task(attempt int32) *workflowservice.PollWorkflowTaskQueueResponse {
	started := int64(len(f.events))
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:              []byte("token"),
		WorkflowExecution:      &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "r"},
		WorkflowType:           &commonpb.WorkflowType{Name: workflowName},
		PreviousStartedEventId: f.previousStarted(),
		StartedEventId:         started,
		Attempt:                attempt,
		History:                &historypb.History{Events: f.events},
		ScheduledTime:          timestamppb.Now(),
		StartedTime:            timestamppb.Now(),
		Query:                  f.query,
		Messages:               f.messages,
	}
}

// previousStarted is the last workflow task before this one; for a query, which
// is no task of the history, the last of all.
func (f *frontend) previousStarted() (id int64) {
	events := f.events
	if f.query == nil {
		events = events[:len(events)-1]
	}
	for _, event := range events {
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED {
			id = event.GetEventId()
		}
	}
	return id
}

func (f *frontend) RespondWorkflowTaskFailed(_ context.Context, r *workflowservice.RespondWorkflowTaskFailedRequest) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	f.failed = append(f.failed, r)
	if f.onFailure != nil {
		f.onFailure()
	}
	return &workflowservice.RespondWorkflowTaskFailedResponse{}, nil
}

func (f *frontend) RespondWorkflowTaskCompleted(_ context.Context, r *workflowservice.RespondWorkflowTaskCompletedRequest) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	f.done.Store(true)
	f.completed <- r
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

func (f *frontend) RespondQueryTaskCompleted(_ context.Context, r *workflowservice.RespondQueryTaskCompletedRequest) (*workflowservice.RespondQueryTaskCompletedResponse, error) {
	f.done.Store(true)
	f.answered <- r
	return &workflowservice.RespondQueryTaskCompletedResponse{}, nil
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{SdkMetadata: true}}, nil
}

func (f *frontend) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{}, nil
}

func (f *frontend) ShutdownWorker(context.Context, *workflowservice.ShutdownWorkerRequest) (*workflowservice.ShutdownWorkerResponse, error) {
	return &workflowservice.ShutdownWorkerResponse{}, nil
}

// history numbers events, and adds the start of a workflow with the given input before them, and a
// workflow task after them.
func history(input []*commonpb.Payload, events ...*historypb.HistoryEvent) []*historypb.HistoryEvent {
	all := append([]*historypb.HistoryEvent{{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType:             &commonpb.WorkflowType{Name: workflowName},
				TaskQueue:                &taskqueuepb.TaskQueue{Name: taskQueue},
				Input:                    &commonpb.Payloads{Payloads: input},
				WorkflowTaskTimeout:      durationpb.New(10 * time.Second),
				OriginalExecutionRunId:   "r",
				FirstExecutionRunId:      "r",
				FirstWorkflowTaskBackoff: durationpb.New(0),
				Attempt:                  1,
			},
		},
	}}, events...)
	all = append(all, workflowTask()...)
	for i, event := range all {
		event.EventId = int64(i + 1)
		event.EventTime = timestamppb.Now()
	}
	return all
}

// workflowTask is scheduled and started.
func workflowTask() []*historypb.HistoryEvent {
	return []*historypb.HistoryEvent{{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{
				TaskQueue: &taskqueuepb.TaskQueue{Name: taskQueue}, Attempt: 1,
			},
		},
	}, {
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{},
		},
	}}
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
