package tdc

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// values makes payloads of values and values of payloads, without codecs: by the
// SDK's default data converter, which is quick, where that does what the
// configuration says, and by the configuration's converters where it does not.
// The default reads all the same what these wrote elsewhere: the codecs, which
// come first, open whatever the library made.
type values struct {
	core       *core
	sdk        converter.DataConverter
	configured converter.DataConverter
}

var (
	_ converter.DataConverterWithSerializationContext = (*values)(nil)
	_ workflow.ContextAware                           = (*values)(nil)
)

func newValues(codec *payloadCodec) *values {
	return &values{
		core:       codec.tdc.core,
		sdk:        converter.GetDefaultDataConverter(),
		configured: &payloadConverters{codec},
	}
}

// chosen is looked up for each call, since a reload may bring other converters.
func (v *values) chosen() converter.DataConverter {
	if v.core.converts.Load() {
		return v.configured
	}
	return v.sdk
}

// ToPayload implements [converter.DataConverter].
func (v *values) ToPayload(value any) (*commonpb.Payload, error) { return v.chosen().ToPayload(value) }

// ToPayloads implements [converter.DataConverter].
func (v *values) ToPayloads(list ...any) (*commonpb.Payloads, error) {
	return v.chosen().ToPayloads(list...)
}

// FromPayload implements [converter.DataConverter].
func (v *values) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	return v.chosen().FromPayload(payload, valuePtr)
}

// FromPayloads implements [converter.DataConverter].
func (v *values) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	return v.chosen().FromPayloads(payloads, valuePtrs...)
}

// ToString implements [converter.DataConverter].
func (v *values) ToString(payload *commonpb.Payload) string { return v.chosen().ToString(payload) }

// ToStrings implements [converter.DataConverter].
func (v *values) ToStrings(payloads *commonpb.Payloads) []string {
	return v.chosen().ToStrings(payloads)
}

// WithSerializationContext implements
// [converter.DataConverterWithSerializationContext].
func (v *values) WithSerializationContext(sc converter.SerializationContext) converter.DataConverter {
	return v.both(func(dc converter.DataConverter) converter.DataConverter {
		return converter.WithDataConverterSerializationContext(dc, sc)
	})
}

// WithWorkflowContext implements [workflow.ContextAware].
func (v *values) WithWorkflowContext(ctx workflow.Context) converter.DataConverter {
	return v.both(func(dc converter.DataConverter) converter.DataConverter {
		if aware, ok := dc.(workflow.ContextAware); ok { // the SDK's default is, since 1.50
			return aware.WithWorkflowContext(ctx)
		}
		return dc
	})
}

// WithContext implements [workflow.ContextAware].
func (v *values) WithContext(ctx context.Context) converter.DataConverter {
	return v.both(func(dc converter.DataConverter) converter.DataConverter {
		if aware, ok := dc.(workflow.ContextAware); ok {
			return aware.WithContext(ctx)
		}
		return dc
	})
}

func (v *values) both(with func(converter.DataConverter) converter.DataConverter) converter.DataConverter {
	return &values{v.core, with(v.sdk), with(v.configured)}
}
