package tdc

import (
	"fmt"
	"runtime"
	"strings"
)

// WithSDKErrors leaves every error in workflow code to the SDK, as without tdc: the workflow fails
// if it cannot decode its input, a signal is dropped, an update is rejected, a version marker is
// read as another version.
//
// Without it, an error that an operator can fix fails the workflow task instead, which Temporal
// retries until it is fixed; see [Error.Transient].
func WithSDKErrors() Option {
	return func(o *options) { o.sdkErrors = true }
}

// failWorkflowTask panics with a transient error if a workflow task is being
// processed; see inWorkflowTask for known.
//
// In workflow code the SDK treats an error of a codec as the workflow's own: the workflow fails, a
// signal is dropped, a version marker is read as another. A panic fails the task, and the server
// schedules it again (package converter says so at PayloadCodec, for the default
// WorkflowPanicPolicy). So a wrong key costs retries and nothing else.
//
// Malformed bytes and values that cannot be encoded are left to the SDK: no operator can fix them,
// and a garbage signal must not stop a workflow.
func failWorkflowTask(e *Error, known bool) {
	if inWorkflowTask(known) {
		panic(fmt.Errorf("%w; the workflow task fails and is retried until this is fixed", e))
	}
}

// sdkCode is the prefix of the SDK's functions that process tasks.
const sdkCode = "go.temporal.io/sdk/internal."

// inWorkflowTask tells whether a workflow task is being processed. The SDK tells a data converter
// in workflow code (known), but not a codec, a failure converter, or a converter that reads markers
// from the history. For those we inspect the stack, only after a transient error, and to its end,
// since workflow code may be deeply nested.
//
// A query is answered with the error: its caller can ask again, while a panic
// would leave it waiting.
func inWorkflowTask(known bool) bool {
	frames := runtime.CallersFrames(callers())
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		name, ours := strings.CutPrefix(frame.Function, sdkCode)
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

// callers is the complete stack.
func callers() []uintptr {
	for size := 128; ; size *= 2 {
		pcs := make([]uintptr, size)
		if n := runtime.Callers(3, pcs); n < size {
			return pcs[:n]
		}
	}
}
