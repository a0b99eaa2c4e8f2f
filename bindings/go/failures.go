package tdc

import (
	"fmt"
	"strings"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// failureConverter converts errors with the SDK's own converter, in the clear, and then encodes the
// failure with the library before it goes to the server.
type failureConverter struct {
	scope
	plain   converter.FailureConverter // for failures that are decoded
	encoded converter.FailureConverter // for failures that cannot be decoded
}

var _ converter.FailureConverterWithSerializationContext = (*failureConverter)(nil)

func newFailureConverter(s scope) *failureConverter {
	sdk := func(dc converter.DataConverter) converter.FailureConverter {
		return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: dc})
	}
	v := newValues(s)
	return &failureConverter{s, sdk(v), sdk(newDataConverter(v, nil))}
}

// ErrorToFailure implements [converter.FailureConverter]. Like the SDK's own, it panics if the
// error cannot be encoded: nothing is sent in the clear.
func (f *failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	if err == nil {
		return nil
	}
	encoded, problem := f.rewrite(encodeFailure, withValidText(f.plain.ErrorToFailure(err)))
	if problem != nil {
		panic(problem)
	}
	return encoded
}

// FailureToError implements [converter.FailureConverter].
func (f *failureConverter) FailureToError(failure *failurepb.Failure) error {
	if failure == nil {
		return nil
	}
	decoded, problem := f.rewrite(decodeFailure, failure)
	if problem != nil {
		unread := proto.Clone(failure).(*failurepb.Failure) // the SDK changes what it reads
		return fmt.Errorf("%w (%w)", f.encoded.FailureToError(unread), problem)
	}
	return f.plain.FailureToError(decoded)
}

// WithSerializationContext implements
// [converter.FailureConverterWithSerializationContext].
func (f *failureConverter) WithSerializationContext(sc converter.SerializationContext) converter.FailureConverter {
	return newFailureConverter(f.withSerializationContext(sc))
}

// rewrite returns a new failure; the given one may be shared.
func (f *failureConverter) rewrite(op operation, failure *failurepb.Failure) (*failurepb.Failure, error) {
	converted := new(failurepb.Failure)
	err := rewrite(failure, converted, func(wire []byte) ([]byte, error) { return f.convert(op, wire) })
	return converted, err
}

// withValidText is a failure that protobuf can represent: the text of a Go error
// may be any bytes.
func withValidText(failure *failurepb.Failure) *failurepb.Failure {
	valid := proto.Clone(failure).(*failurepb.Failure)
	for f := valid; f != nil; f = f.GetCause() {
		f.Message = strings.ToValidUTF8(f.Message, "\uFFFD")
		f.StackTrace = strings.ToValidUTF8(f.StackTrace, "\uFFFD")
	}
	return valid
}
