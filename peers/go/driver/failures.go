package main

import (
	"encoding/json"
	"errors"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// link is one error of a chain, the outermost first.
type link struct {
	// Kind is "application", "canceled", or "own" for an error of the language itself.
	Kind         string `json:"kind"`
	Message      string `json:"message"`
	Type         string `json:"type"`
	NonRetryable bool   `json:"non_retryable"`
	Details      []any  `json:"details"`
}

// writeFailure makes a failure of the chain of errors that a record describes.
func writeFailure(failures converter.FailureConverter, record *commonpb.Payload) (*commonpb.Payload, error) {
	var chain []link
	if err := json.Unmarshal(record.Data, &chain); err != nil {
		return nil, err
	}
	var err error
	for _, one := range slices.Backward(chain) {
		switch one.Kind {
		case "application":
			err = temporal.NewApplicationErrorWithOptions(one.Message, one.Type, temporal.ApplicationErrorOptions{
				NonRetryable: one.NonRetryable, Cause: err, Details: one.Details,
			})
		case "canceled":
			err = temporal.NewCanceledError(one.Details...)
		default:
			err = errors.New(one.Message)
		}
	}
	return wrapped(failures.ErrorToFailure(err))
}

// readFailure makes an error of the failure in a record and describes its chain.
func readFailure(failures converter.FailureConverter, record *commonpb.Payload) (*commonpb.Payload, error) {
	failure := new(failurepb.Failure)
	if err := proto.Unmarshal(record.Data, failure); err != nil {
		return nil, err
	}
	chain := []link{}
	for err := failures.FailureToError(failure); err != nil; err = errors.Unwrap(err) {
		one, err := describeError(err)
		if err != nil {
			return nil, err
		}
		chain = append(chain, one)
	}
	data, err := json.Marshal(chain)
	return &commonpb.Payload{Data: data}, err
}

func describeError(err error) (link, error) {
	one := link{Kind: "own", Message: err.Error(), Details: []any{}}
	var details interface {
		HasDetails() bool
		Details(d ...any) error
	}
	switch failure := err.(type) {
	case *temporal.ApplicationError:
		one.Kind, one.Message, one.Type, one.NonRetryable = "application", failure.Message(), failure.Type(), failure.NonRetryable()
		details = failure
	case *temporal.CanceledError:
		one.Kind = "canceled"
		details = failure
	}
	if details == nil || !details.HasDetails() {
		return one, nil
	}
	// All errors of the corpus have one detail or none.
	var detail any
	if err := details.Details(&detail); err != nil {
		return one, err
	}
	one.Details = append(one.Details, detail)
	return one, nil
}
