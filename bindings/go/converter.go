package tdc

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// dataConverter is the SDK's CodecDataConverter, which alone would neither pass on
// in which code it runs, nor keep the plaintext to itself: where encoding fails, it
// gives the payload as it was together with the error.
//
// Where calls may wait, the SDK's converter that stops deadlock detection is around
// it, which before SDK 1.49 does not pass on serialization contexts.
type dataConverter struct {
	converter.DataConverter // the SDK's
	values                  *values
	workflow                workflow.Context // nil outside of workflow code
}

var (
	_ converter.DataConverterWithSerializationContext = (*dataConverter)(nil)
	_ workflow.ContextAware                           = (*dataConverter)(nil)
)

func newDataConverter(v *values, ctx workflow.Context) *dataConverter {
	sdk := converter.DataConverter(converter.NewCodecDataConverter(v, &payloadCodec{v.scope}))
	if v.tdc.handle.mayWait() {
		sdk = workflow.DataConverterWithoutDeadlockDetection(sdk)
		if ctx != nil {
			sdk = sdk.(workflow.ContextAware).WithWorkflowContext(ctx)
		}
	}
	return &dataConverter{sdk, v, ctx}
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
	with := &values{d.values.withSerializationContext(sc), converter.WithDataConverterSerializationContext(d.values.sdk, sc)}
	return newDataConverter(with, d.workflow)
}

// WithWorkflowContext implements [workflow.ContextAware].
func (d *dataConverter) WithWorkflowContext(ctx workflow.Context) converter.DataConverter {
	with := *d.values
	with.inWorkflow = true
	if aware, ok := with.sdk.(workflow.ContextAware); ok { // since 1.50
		with.sdk = aware.WithWorkflowContext(ctx)
	}
	return newDataConverter(&with, ctx)
}

// WithContext implements [workflow.ContextAware]. There are no deadlocks outside of
// workflow code.
func (d *dataConverter) WithContext(ctx context.Context) converter.DataConverter {
	with := *d.values
	with.ctx = ctx
	if aware, ok := with.sdk.(workflow.ContextAware); ok {
		with.sdk = aware.WithContext(ctx)
	}
	return newDataConverter(&with, nil)
}
