package tdc

import (
	"context"
	"errors"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protowire"
)

// A scope is what a call has besides its payloads.
type scope struct {
	tdc           *Tdc
	serialization []byte          // the serialization context, as protobuf
	ctx           context.Context // for the key provider and HTTP requests; may be nil
	inWorkflow    bool            // known to run in workflow code
}

func (s scope) withSerializationContext(sc converter.SerializationContext) scope {
	s.serialization = marshalContext(sc)
	return s
}

// context is the caller's, if the SDK passes it on.
func (s *scope) context() context.Context {
	if s.ctx == nil {
		return context.Background()
	}
	return s.ctx
}

// convert makes a call on one serialised message.
func (s *scope) convert(op operation, message []byte) ([]byte, error) {
	return s.call(func(n native, call *nativeCall) ([]byte, *Error) {
		return n.convert(op, call, s.serialization, message)
	})
}

// call makes a call whose errors are the caller's to see.
func (s *scope) call(try func(native, *nativeCall) ([]byte, *Error)) ([]byte, error) {
	answer, err := s.repeat(nil, try)
	if err != nil {
		return nil, s.raise(err)
	}
	return answer, nil
}

// repeat makes a call again and again while the library asks for something.
// values know the message types that it may ask for.
func (s *scope) repeat(values []any, try func(native, *nativeCall) ([]byte, *Error)) ([]byte, error) {
	h := s.tdc.handle
	if !h.acquire() {
		return nil, ErrClosed
	}
	defer h.release()
	var call nativeCall
	defer call.end()
	for {
		answer, problem := try(h.native, &call)
		if problem == nil {
			return answer, nil
		}
		if err := s.answer(problem, &call, values); err != nil {
			return nil, err
		}
	}
}

// answer answers all that the last try of a call asks for, so that it can be made
// again; any other problem it gives back. The library sees to it that this ends:
// it asks for nothing twice.
func (s *scope) answer(problem *Error, call *nativeCall, values []any) error {
	h := s.tdc.handle
	if problem.Code != statusRequests {
		return h.withAdvice(problem)
	}
	var answers []byte
	var cause error // why a codec server did not answer
	for _, r := range readRequests(call.requests()) {
		kind, value := kindUnknown, []byte(nil)
		var err error
		switch r.kind {
		case kindKey:
			kind, value, err = fetchKey(s.context(), h.provider, r.text)
		case kindReload:
			// If it fails, the old keys stay, and the library says what is missing.
			_ = h.reload()
			kind = kindReload
		case kindDescriptor:
			kind, value = describe(r.text, values)
		case kindHTTP:
			kind = kindHTTP
			value, cause, err = h.servers.exchange(s.context(), r.http)
		}
		if err != nil {
			clear(answers)
			return err
		}
		answers = appendAnswer(answers, r.id, kind, value)
	}
	problem = h.native.answer(call, answers)
	clear(answers) // keys are in it
	if problem != nil {
		return problem.because(cause)
	}
	return nil
}

// raise returns err, or fails the workflow task if the same call can succeed later.
func (s *scope) raise(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Transient && !s.tdc.handle.sdkErrors {
		failWorkflowTask(e, s.inWorkflow)
	}
	return e
}

// The kinds of a tdc.context.v1.Context.
const (
	kindWorkflow = 1
	kindActivity = 2
)

// marshalContext is sc as a tdc.context.v1.Context; nil for a context that has no
// such message, for instance of a Nexus operation.
func marshalContext(sc converter.SerializationContext) []byte {
	switch sc := sc.(type) {
	case converter.WorkflowSerializationContext:
		return contextMessage(kindWorkflow, false, sc.Namespace, sc.WorkflowID)
	case converter.ActivitySerializationContext:
		return contextMessage(kindActivity, sc.IsLocal, sc.Namespace, sc.WorkflowID, sc.WorkflowType, "", sc.ActivityType, sc.TaskQueue)
	}
	return nil
}

// contextMessage has the strings in the fields from 2 on.
func contextMessage(kind uint64, isLocal bool, strings ...string) []byte {
	size := 32
	for _, s := range strings {
		size += len(s)
	}
	b := protowire.AppendTag(make([]byte, 0, size), 1, protowire.VarintType)
	b = protowire.AppendVarint(b, kind)
	for i, s := range strings {
		if s != "" {
			b = protowire.AppendTag(b, protowire.Number(i+2), protowire.BytesType)
			b = protowire.AppendString(b, s)
		}
	}
	if isLocal {
		b = protowire.AppendTag(b, 8, protowire.VarintType)
		b = protowire.AppendVarint(b, 1)
	}
	return b
}
