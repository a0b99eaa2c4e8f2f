package tdc

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// DataConverter is the SDK's default data converter with the configuration's
// codecs behind it, ready for client.Options. With a key provider it also tells
// the SDK's deadlock detector that fetching a key may take long.
func (t *Tdc) DataConverter() converter.DataConverter {
	dc := newDataConverter(converter.GetDefaultDataConverter(), &payloadCodec{tdc: t})
	if t.core.provider != nil {
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
	_ converter.ContextAware                          = (*dataConverter)(nil)
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

// WithWorkflowContext implements [converter.ContextAware].
func (d *dataConverter) WithWorkflowContext(ctx converter.WorkflowContext) converter.DataConverter {
	values := d.values
	if aware, ok := values.(converter.ContextAware); ok {
		values = aware.WithWorkflowContext(ctx)
	}
	codec := *d.codec
	codec.inWorkflow = true
	return newDataConverter(values, &codec)
}

// WithContext implements [converter.ContextAware].
func (d *dataConverter) WithContext(ctx context.Context) converter.DataConverter {
	values := d.values
	if aware, ok := values.(converter.ContextAware); ok {
		values = aware.WithContext(ctx)
	}
	codec := *d.codec
	codec.ctx = ctx
	return newDataConverter(values, &codec)
}
