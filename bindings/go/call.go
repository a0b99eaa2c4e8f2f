package tdc

import (
	"context"
	"errors"
)

// causes are the first errors of key services and storage drivers in a call, by the code of the
// library's error, which has only their text and reports the first one too. It is separate from
// nativeCall, next to which C must not find any Go pointers.
type causes map[Code]error

func (c *causes) add(code Code, cause error) {
	if *c == nil {
		*c = make(causes)
	}
	if _, isThere := (*c)[code]; !isThere {
		(*c)[code] = cause
	}
}

// convert makes a call on one serialised message.
func (s *scope) convert(op operation, message []byte) ([]byte, error) {
	return s.call(func(n native, call *nativeCall) ([]byte, *Error) {
		return n.convert(op, call, s.serialization, message)
	})
}

// call makes a call and returns its errors to the caller.
func (s *scope) call(try func(native, *nativeCall) ([]byte, *Error)) ([]byte, error) {
	answer, err := s.repeat(nil, try)
	if err != nil {
		return nil, s.raise(err)
	}
	return answer, nil
}

// repeat repeats a call as long as the library asks for something. values know the message types
// that it may ask for.
func (s *scope) repeat(values []any, try func(native, *nativeCall) ([]byte, *Error)) ([]byte, error) {
	h := s.tdc.handle
	if !h.acquire() {
		return nil, ErrClosed
	}
	defer h.release()
	var call nativeCall
	defer call.end()
	if len(s.drivers) > 0 {
		call.follow()
	}
	var causes causes
	for {
		answer, problem := try(h.native, &call)
		if problem == nil {
			s.finish(&call)
			return answer, nil
		}
		if err := s.answer(problem, &call, &causes, values); err != nil {
			return nil, err
		}
	}
}

// answer answers all requests of the last try of a call, so that it can be repeated; it returns any
// other error. This ends, because the library asks for nothing twice.
func (s *scope) answer(problem *Error, call *nativeCall, causes *causes, values []any) error {
	h := s.tdc.handle
	if problem.Code != statusRequests {
		return h.withAdvice(problem.because((*causes)[problem.Code]))
	}
	var replies []reply
	defer func() { eraseDataKeys(replies) }()
	var cause error // why a codec server did not answer
	var services, objects []hostRequest
	for _, r := range readRequests(call.requests()) {
		kind, value := kindUnknown, []byte(nil)
		var err error
		switch r.kind {
		case kindKey:
			kind, value, err = fetchKey(s.context(), h.provider, r.text)
		case kindReload:
			// If it fails, the old keys stay in use, and the library reports what is missing.
			_ = h.reload()
			kind = kindReload
		case kindDescriptor:
			kind, value = describe(r.text, values)
		case kindHTTP:
			kind = kindHTTP
			value, cause, err = h.servers.exchange(s.context(), r.http)
		case kindWrap, kindUnwrap:
			services = append(services, r)
			continue
		case kindObject:
			objects = append(objects, r)
			continue
		}
		if err != nil {
			return err
		}
		replies = append(replies, reply{r.id, kind, value})
	}
	if len(services) > 0 {
		made, err := h.askKeyServices(s.context(), call, causes, services)
		if err != nil {
			return err
		}
		replies = append(replies, made...)
		defer h.readOverhead()
	}
	if len(objects) > 0 {
		made, err := s.retrieve(causes, objects)
		if err != nil {
			return err
		}
		replies = append(replies, made...)
	}
	if len(replies) == 0 {
		return nil
	}
	answers := marshalReplies(replies)
	problem = h.native.answer(call, answers)
	clear(answers) // keys are in it
	if problem != nil {
		return problem.because(cause)
	}
	return nil
}

// finish is called when a call has succeeded, before its end. A call may leave a request to wrap
// the next data key while the current one is in use. A separate goroutine answers it, so that it
// neither delays nor fails the call.
func (s *scope) finish(call *nativeCall) {
	h := s.tdc.handle
	if !call.hasPending() || !h.acquire() {
		return
	}
	later, left := *call, *s
	*call = nativeCall{} // its memory is the goroutine's
	left.ctx = context.WithoutCancel(s.context())
	go func() {
		defer h.release()
		defer later.end()
		// The library caches a failure, and asks again later.
		_ = left.answer(&Error{Code: statusRequests}, &later, new(causes), nil)
	}()
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
