package tdc

import (
	"errors"
	"runtime"
	"strings"
)

// fail is raise for an err about payloads[i].
func (c *payloadCodec) fail(i int, err error) error {
	var e *Error
	if errors.As(err, &e) && e.PayloadIndex >= 0 {
		e.PayloadIndex = i
	}
	return c.raise(err)
}

// raise gives err back. In a workflow task, if trying again can help, it panics
// instead.
//
// In workflow code the SDK takes an error of a codec as the workflow's own: the
// workflow fails, a signal is dropped, a version marker is read as another. A
// panic fails the task, and the server hands it out again (package converter
// says so at PayloadCodec; it holds for the default WorkflowPanicPolicy). So a
// key that is not here yet costs a retry and nothing else.
func (c *payloadCodec) raise(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Transient && inWorkflowTask(c.inWorkflow) {
		panic(e)
	}
	return e
}

// inWorkflowTask tells whether a workflow task is being processed. The SDK says
// so to a data converter in workflow code (known), but not to a codec, not to a
// failure converter, and not where it reads markers from the history. There the
// stack tells; it is looked at only after a transient fault.
//
// A query is answered with the error: its caller can ask again, while a panic
// would leave it waiting.
func inWorkflowTask(known bool) bool {
	const sdk = "go.temporal.io/sdk/internal."
	var pcs [128]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		name, ours := strings.CutPrefix(frame.Function, sdk)
		if !ours {
			continue
		}
		switch {
		case strings.HasSuffix(name, ").ProcessQuery"):
			return false
		case strings.HasPrefix(name, "(*coroutineState)."),
			strings.HasPrefix(name, "(*workflowExecutionEventHandlerImpl)."),
			strings.HasPrefix(name, "(*workflowTaskHandlerImpl)."):
			known = true
		}
	}
	return known
}
