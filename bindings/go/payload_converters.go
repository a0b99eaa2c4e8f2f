package tdc

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// payloadConverters is the configuration's converters as a data converter. The
// SDK's payload converters make raw forms of values: nothing, bytes, JSON text,
// serialised messages. The library makes payloads of these and raw forms of
// payloads, the same in every language; a list of values is one call.
type payloadConverters struct{ codec *payloadCodec }

var (
	_ converter.DataConverterWithSerializationContext = (*payloadConverters)(nil)
	_ workflow.ContextAware                           = (*payloadConverters)(nil)
)

// ToPayload implements [converter.DataConverter].
func (c *payloadConverters) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := c.rawForm(value)
	if err != nil {
		return nil, err
	}
	payloads := [1]*commonpb.Payload{payload}
	if err := c.toPayloads(payloads[:], []any{value}); err != nil {
		return nil, err
	}
	return payloads[0], nil
}

// ToPayloads implements [converter.DataConverter].
func (c *payloadConverters) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 0 {
		return nil, nil // as the SDK's
	}
	payloads := make([]*commonpb.Payload, len(values))
	for i, value := range values {
		var err error
		if payloads[i], err = c.rawForm(value); err != nil {
			return nil, fmt.Errorf("values[%d]: %w", i, err)
		}
	}
	if err := c.toPayloads(payloads, values); err != nil {
		return nil, err
	}
	return &commonpb.Payloads{Payloads: payloads}, nil
}

// toPayloads puts payloads in the place of raw forms of values.
func (c *payloadConverters) toPayloads(raw []*commonpb.Payload, values []any) error {
	places := make([]int, 0, len(raw))
	for i, payload := range raw {
		if _, ready := values[i].(converter.RawValue); !ready && isRawForm(payload) {
			places = append(places, i)
		}
	}
	return c.convert(encode, raw, places, values)
}

// FromPayload implements [converter.DataConverter].
func (c *payloadConverters) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	payloads := [1]*commonpb.Payload{payload}
	if err := c.toRawForms(payloads[:], []any{valuePtr}); err != nil {
		return err
	}
	return c.read(payloads[0], valuePtr)
}

// FromPayloads implements [converter.DataConverter]. As with the SDK's, what is
// too few or too many is left alone.
func (c *payloadConverters) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	raw := make([]*commonpb.Payload, min(len(payloads.GetPayloads()), len(valuePtrs)))
	copy(raw, payloads.GetPayloads())
	if err := c.toRawForms(raw, valuePtrs); err != nil {
		return err
	}
	for i, payload := range raw {
		if err := c.read(payload, valuePtrs[i]); err != nil {
			return fmt.Errorf("payload item %d: %w", i, err)
		}
	}
	return nil
}

// toRawForms puts raw forms in the place of the payloads that the library is to
// read for these targets.
func (c *payloadConverters) toRawForms(payloads []*commonpb.Payload, targets []any) error {
	places := make([]int, 0, len(payloads))
	for i, payload := range payloads {
		if _, raw := targets[i].(*converter.RawValue); raw || payload == nil || c.reader(payload, targets[i]) != nil {
			continue
		}
		if encodingOf(payload) == converter.MetadataEncodingProtoJSON {
			payloads[i] = ofType(payload, string(messageType(targets[i]).FullName()))
		}
		places = append(places, i)
	}
	return c.convert(decode, payloads, places, targets)
}

// read gives the target what a raw form says.
func (c *payloadConverters) read(payload *commonpb.Payload, valuePtr any) error {
	if payload == nil {
		return nil
	}
	if target, ok := valuePtr.(*converter.RawValue); ok {
		*target = converter.NewRawValue(payload)
		return nil
	}
	if usesTransferType(valuePtr) {
		return fmt.Errorf("%w: %w", converter.ErrUnableToDecode, errTransferType(valuePtr))
	}
	reader := c.reader(payload, valuePtr)
	if reader == nil {
		reader = c.rawReader(payload)
	}
	err := reader.FromPayload(payload, valuePtr)
	if err != nil && reader == protoJSON {
		return c.readGogo(payload, valuePtr, err)
	}
	return err
}

// readGogo reads JSON that the SDK could not read into a message of
// gogo/protobuf: the library may, since it knows whether the configuration says
// "ignore_unknown_fields: true". Otherwise the SDK's error stays.
func (c *payloadConverters) readGogo(payload *commonpb.Payload, valuePtr any, sdkError error) error {
	name := gogoName(valuePtr)
	if name == "" {
		return sdkError
	}
	raw := [1]*commonpb.Payload{ofType(payload, name)}
	if err := c.try(decode, raw[:], []int{0}, []any{valuePtr}); err != nil {
		return sdkError
	}
	return c.rawReader(raw[0]).FromPayload(raw[0], valuePtr)
}

// ToString implements [converter.DataConverter].
func (c *payloadConverters) ToString(payload *commonpb.Payload) string {
	if payload == nil {
		return ""
	}
	if reader := c.reader(payload, nil); reader != nil {
		return reader.ToString(payload)
	}
	raw := [1]*commonpb.Payload{payload}
	if err := c.convert(decode, raw[:], []int{0}, nil); err != nil {
		return err.Error()
	}
	return c.rawReader(raw[0]).ToString(raw[0])
}

// ToStrings implements [converter.DataConverter].
func (c *payloadConverters) ToStrings(payloads *commonpb.Payloads) []string {
	var texts []string
	for _, payload := range payloads.GetPayloads() {
		texts = append(texts, c.ToString(payload))
	}
	return texts
}

// WithSerializationContext implements
// [converter.DataConverterWithSerializationContext].
func (c *payloadConverters) WithSerializationContext(sc converter.SerializationContext) converter.DataConverter {
	return &payloadConverters{c.codec.withSerializationContext(sc)}
}

// WithWorkflowContext implements [workflow.ContextAware].
func (c *payloadConverters) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return &payloadConverters{c.codec.inWorkflowCode()}
}

// WithContext implements [workflow.ContextAware].
func (c *payloadConverters) WithContext(ctx context.Context) converter.DataConverter {
	return &payloadConverters{c.codec.withContext(ctx)}
}
