package tdc

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// DataConverter is the configuration's converters with its codecs behind them,
// ready for client.Options. Where the converters are the default list, the
// SDK's own default data converter does their work. With a key provider or a
// codec server it also tells the SDK's deadlock detector that asking may take
// long.
//
// How Go's types become JSON and come back is package encoding/json's job, as in
// the SDK; see [WithPayloadConverters] for another one.
func (t *Tdc) DataConverter() converter.DataConverter {
	codec := &payloadCodec{tdc: t}
	dc := newDataConverter(newValues(codec), codec)
	if t.core.provider != nil || t.core.remote.Load() {
		return workflow.DataConverterWithoutDeadlockDetection(dc)
	}
	return dc
}

// dataConverter is the SDK's CodecDataConverter, which alone would neither hand
// on in which code it runs, nor keep the plaintext to itself: where encoding
// fails, it gives the payload as it was together with the error.
type dataConverter struct {
	converter.DataConverter
	values converter.DataConverter
	codec  *payloadCodec
}

var (
	_ converter.DataConverterWithSerializationContext = (*dataConverter)(nil)
	_ workflow.ContextAware                           = (*dataConverter)(nil)
)

func newDataConverter(values converter.DataConverter, codec *payloadCodec) *dataConverter {
	return &dataConverter{converter.NewCodecDataConverter(values, codec), values, codec}
}

// ToPayload implements [converter.DataConverter].
func (d *dataConverter) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := d.DataConverter.ToPayload(value)
	if err != nil {
		return nil, err
	}
	return payload, nil
}

// ToPayloads implements [converter.DataConverter].
func (d *dataConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	payloads, err := d.DataConverter.ToPayloads(values...)
	if err != nil {
		return nil, err
	}
	return payloads, nil
}

// WithSerializationContext implements
// [converter.DataConverterWithSerializationContext].
func (d *dataConverter) WithSerializationContext(sc converter.SerializationContext) converter.DataConverter {
	return newDataConverter(converter.WithDataConverterSerializationContext(d.values, sc), d.codec.withSerializationContext(sc))
}

// WithWorkflowContext implements [workflow.ContextAware].
func (d *dataConverter) WithWorkflowContext(ctx workflow.Context) converter.DataConverter {
	values := d.values
	if aware, ok := values.(workflow.ContextAware); ok {
		values = aware.WithWorkflowContext(ctx)
	}
	return newDataConverter(values, d.codec.inWorkflowCode())
}

// WithContext implements [workflow.ContextAware].
func (d *dataConverter) WithContext(ctx context.Context) converter.DataConverter {
	values := d.values
	if aware, ok := values.(workflow.ContextAware); ok {
		values = aware.WithContext(ctx)
	}
	return newDataConverter(values, d.codec.withContext(ctx))
}
