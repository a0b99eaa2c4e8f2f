package tdc

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// dataConverter wraps the SDK's CodecDataConverter. Alone, that would neither pass on whether it
// runs in workflow code, nor hide the plaintext: if encoding fails, it returns the unencoded
// payload together with the error.
//
// If calls may wait, it is wrapped in the SDK's converter that disables deadlock detection, which
// does not pass on serialization contexts before SDK 1.49.
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

// WithContext implements [workflow.ContextAware]. Deadlock detection only applies to workflow code.
func (d *dataConverter) WithContext(ctx context.Context) converter.DataConverter {
	with := *d.values
	with.ctx = ctx
	if aware, ok := with.sdk.(workflow.ContextAware); ok {
		with.sdk = aware.WithContext(ctx)
	}
	return newDataConverter(&with, nil)
}
