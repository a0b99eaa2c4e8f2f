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
		return newPatient(dc)
	}
	return dc
}

// patient is the SDK's converter that stops deadlock detection, which before SDK
// 1.49 does not hand serialization contexts on.
type patient struct {
	converter.DataConverter // the SDK's, around inner
	inner                   converter.DataConverter
	workflow                workflow.Context // known to the SDK's; may be nil
}

var (
	_ converter.DataConverterWithSerializationContext = (*patient)(nil)
	_ workflow.ContextAware                           = (*patient)(nil)
)

func newPatient(inner converter.DataConverter) *patient {
	return &patient{DataConverter: workflow.DataConverterWithoutDeadlockDetection(inner), inner: inner}
}

// WithSerializationContext implements
// [converter.DataConverterWithSerializationContext].
func (p *patient) WithSerializationContext(sc converter.SerializationContext) converter.DataConverter {
	with := newPatient(converter.WithDataConverterSerializationContext(p.inner, sc))
	if p.workflow != nil {
		return with.WithWorkflowContext(p.workflow)
	}
	return with
}

// WithWorkflowContext implements [workflow.ContextAware].
func (p *patient) WithWorkflowContext(ctx workflow.Context) converter.DataConverter {
	return &patient{p.DataConverter.(workflow.ContextAware).WithWorkflowContext(ctx), p.inner, ctx}
}

// WithContext implements [workflow.ContextAware]. There are no deadlocks outside
// of workflow code.
func (p *patient) WithContext(ctx context.Context) converter.DataConverter {
	return newPatient(p.inner.(workflow.ContextAware).WithContext(ctx))
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
