package tdc

import (
	"fmt"
	"strings"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// FailureConverter is the SDK's default failure converter with the
// configuration behind it, ready for client.Options: the details of errors are
// encoded, and messages and stack traces too if the configuration says
// "failures: { encode_common_attributes: true }".
//
// Go's SDK does not hand the client's data converter to its failure converter;
// without this one in client.Options, details of errors travel in the clear.
//
// What comes in is decoded whole, whatever the configuration says of encoding.
// Where that fails, the error is both the SDK's, made of what can be read, and
// an [*Error] that says why.
//
// The SDK's deadlock detector cannot be told about a failure converter: where
// workflow code waits here for more than a second, the workflow task fails and is
// tried again. A key is at hand by then; a codec server is asked anew, so one that
// always takes so long is too slow for update handlers that fail.
func (t *Tdc) FailureConverter() converter.FailureConverter {
	return newFailureConverter(&payloadCodec{tdc: t})
}

// failureConverter leaves errors to the SDK's own converter, in the clear, and
// puts the library between that and the server.
type failureConverter struct {
	plain converter.FailureConverter // of failures that are decoded
	lazy  converter.FailureConverter // of failures that cannot be decoded whole
	codec *payloadCodec
}

var _ converter.FailureConverterWithSerializationContext = (*failureConverter)(nil)

func newFailureConverter(codec *payloadCodec) *failureConverter {
	values := newValues(codec)
	of := func(dc converter.DataConverter) converter.FailureConverter {
		return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: dc})
	}
	return &failureConverter{of(values), of(newDataConverter(values, codec)), codec}
}

// ErrorToFailure implements [converter.FailureConverter]. As the SDK's own, it
// panics if the error cannot be encoded: nothing leaves in the clear.
func (f *failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	if err == nil {
		return nil
	}
	encoded, problem := f.convert(encode, f.plain.ErrorToFailure(err))
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
	decoded, problem := f.convert(decode, failure)
	if problem != nil {
		unread := proto.Clone(failure).(*failurepb.Failure) // the SDK changes what it reads
		return fmt.Errorf("%w (%w)", f.lazy.FailureToError(unread), problem)
	}
	return f.plain.FailureToError(decoded)
}

// WithSerializationContext implements
// [converter.FailureConverterWithSerializationContext].
func (f *failureConverter) WithSerializationContext(sc converter.SerializationContext) converter.FailureConverter {
	return newFailureConverter(f.codec.withSerializationContext(sc))
}

// convert makes another failure; the given one may be shared.
func (f *failureConverter) convert(op operation, failure *failurepb.Failure) (*failurepb.Failure, error) {
	wire, err := proto.Marshal(failure)
	if err != nil {
		wire, err = proto.Marshal(withValidText(failure))
	}
	if err != nil {
		return nil, newError(ErrProtobuf, false, -1, err.Error())
	}
	answer, err := f.codec.whole(func(n native, call *nativeCall) ([]byte, *fault) {
		return n.failure(op, call, f.codec.serialization, wire)
	})
	if err != nil {
		return nil, err
	}
	converted := new(failurepb.Failure)
	if err := proto.Unmarshal(answer, converted); err != nil {
		return nil, newError(ErrProtobuf, false, -1, err.Error())
	}
	return converted, nil
}

// withValidText is a failure that protobuf can say: the text of a Go error may
// be any bytes.
func withValidText(failure *failurepb.Failure) *failurepb.Failure {
	valid := proto.Clone(failure).(*failurepb.Failure)
	for f := valid; f != nil; f = f.GetCause() {
		f.Message = strings.ToValidUTF8(f.Message, "\uFFFD")
		f.StackTrace = strings.ToValidUTF8(f.StackTrace, "\uFFFD")
	}
	return valid
}
