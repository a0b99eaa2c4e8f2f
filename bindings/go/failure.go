package tdc

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// FailureConverter is the SDK's default failure converter with [Tdc.DataConverter]
// behind it, ready for client.Options: the details of errors are encoded, and
// messages and stack traces too if the configuration says
// "failures: { encode_common_attributes: true }" at the time of this call.
//
// Go's SDK does not hand the client's data converter to its failure converter;
// without this one in client.Options, details of errors travel in the clear.
func (t *Tdc) FailureConverter() converter.FailureConverter {
	encodeCommonAttributes := false
	if t.core.acquire() {
		encodeCommonAttributes = t.core.native.encodeCommonAttributes()
		t.core.release()
	}
	return newFailureConverter(t.DataConverter(), encodeCommonAttributes)
}

// failureConverter is the SDK's own, which alone would not hand the
// serialization context on to its data converter.
type failureConverter struct {
	converter.FailureConverter
	values                 converter.DataConverter
	encodeCommonAttributes bool
}

var _ converter.FailureConverterWithSerializationContext = (*failureConverter)(nil)

func newFailureConverter(values converter.DataConverter, encodeCommonAttributes bool) *failureConverter {
	return &failureConverter{
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter:          values,
			EncodeCommonAttributes: encodeCommonAttributes,
		}),
		values:                 values,
		encodeCommonAttributes: encodeCommonAttributes,
	}
}

// WithSerializationContext implements
// [converter.FailureConverterWithSerializationContext].
func (f *failureConverter) WithSerializationContext(sc converter.SerializationContext) converter.FailureConverter {
	return newFailureConverter(converter.WithDataConverterSerializationContext(f.values, sc), f.encodeCommonAttributes)
}
