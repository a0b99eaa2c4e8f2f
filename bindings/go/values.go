package tdc

import (
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// values converts values to payloads and back, without codecs: with the SDK's default data
// converter, which is fast, if that does what the configuration says, and otherwise with the
// configuration's converters. The default one can also read what these wrote elsewhere, because the
// codecs come first and decode everything that the library encoded.
//
// For the configuration's converters, the SDK's payload converters turn values into raw forms:
// null, bytes, JSON text, serialised messages. The library converts these to payloads and back, the
// same in every language; a list of values is one call.
type values struct {
	scope
	sdk converter.DataConverter
}

func newValues(s scope) *values { return &values{s, converter.GetDefaultDataConverter()} }

// configured tells whether the configuration's converters are needed. A reload may
// change that.
func (v *values) configured() bool { return v.tdc.handle.converts.Load() }

func (v *values) raw() rawForms { return rawForms{v.tdc.handle.own} }

// ToPayload implements [converter.DataConverter].
func (v *values) ToPayload(value any) (*commonpb.Payload, error) {
	if !v.configured() {
		return v.sdk.ToPayload(value)
	}
	payload, err := v.raw().make(value)
	if err != nil {
		return nil, err
	}
	payloads := [1]*commonpb.Payload{payload}
	if err := v.toPayloads(payloads[:], []any{value}); err != nil {
		return nil, err
	}
	return payloads[0], nil
}

// ToPayloads implements [converter.DataConverter].
func (v *values) ToPayloads(list ...any) (*commonpb.Payloads, error) {
	if len(list) == 0 || !v.configured() {
		return v.sdk.ToPayloads(list...)
	}
	payloads := make([]*commonpb.Payload, len(list))
	for i, value := range list {
		var err error
		if payloads[i], err = v.raw().make(value); err != nil {
			return nil, fmt.Errorf("values[%d]: %w", i, err)
		}
	}
	if err := v.toPayloads(payloads, list); err != nil {
		return nil, err
	}
	return &commonpb.Payloads{Payloads: payloads}, nil
}

// toPayloads replaces raw forms of values by payloads.
func (v *values) toPayloads(raw []*commonpb.Payload, list []any) error {
	indexes := make([]int, 0, len(raw))
	for i, payload := range raw {
		if _, ready := list[i].(converter.RawValue); !ready && isRawForm(payload) {
			indexes = append(indexes, i)
		}
	}
	return v.replace(toPayload, raw, indexes, list)
}

// FromPayload implements [converter.DataConverter].
func (v *values) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	if !v.configured() {
		return v.sdk.FromPayload(payload, valuePtr)
	}
	payloads := [1]*commonpb.Payload{payload}
	if err := v.toRawForms(payloads[:], []any{valuePtr}); err != nil {
		return err
	}
	return v.read(payloads[0], valuePtr)
}

// FromPayloads implements [converter.DataConverter]. Like the SDK's, it ignores missing or surplus
// payloads.
func (v *values) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	if !v.configured() {
		return v.sdk.FromPayloads(payloads, valuePtrs...)
	}
	raw := make([]*commonpb.Payload, min(len(payloads.GetPayloads()), len(valuePtrs)))
	copy(raw, payloads.GetPayloads())
	if err := v.toRawForms(raw, valuePtrs); err != nil {
		return err
	}
	for i, payload := range raw {
		if err := v.read(payload, valuePtrs[i]); err != nil {
			return fmt.Errorf("payload item %d: %w", i, err)
		}
	}
	return nil
}

// toRawForms replaces the payloads that the library is to read for these targets
// by raw forms.
func (v *values) toRawForms(payloads []*commonpb.Payload, targets []any) error {
	indexes := make([]int, 0, len(payloads))
	for i, payload := range payloads {
		if _, raw := targets[i].(*converter.RawValue); raw || payload == nil || v.raw().reader(payload, targets[i]) != nil {
			continue
		}
		if encodingOf(payload) == converter.MetadataEncodingProtoJSON {
			payloads[i] = withMessageType(payload, string(messageType(targets[i]).FullName()))
		}
		indexes = append(indexes, i)
	}
	return v.replace(fromPayload, payloads, indexes, targets)
}

// read puts the value of a raw form into the target.
func (v *values) read(payload *commonpb.Payload, valuePtr any) error {
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
	reader := v.raw().reader(payload, valuePtr)
	if reader == nil {
		reader = v.raw().rawReader(payload)
	}
	err := reader.FromPayload(payload, valuePtr)
	if err != nil && reader == protoJSON {
		return v.readGogo(payload, valuePtr, err)
	}
	return err
}

// readGogo reads JSON that the SDK could not read into a message of
// gogo/protobuf: the library may, since it knows whether the configuration says
// "ignore_unknown_fields: true". Otherwise the SDK's error stays.
func (v *values) readGogo(payload *commonpb.Payload, valuePtr any, sdkError error) error {
	name := gogoName(valuePtr)
	if name == "" {
		return sdkError
	}
	raw := [1]*commonpb.Payload{withMessageType(payload, name)}
	if err := v.tryReplace(fromPayload, raw[:], []int{0}, []any{valuePtr}); err != nil {
		return sdkError
	}
	return v.raw().rawReader(raw[0]).FromPayload(raw[0], valuePtr)
}

// ToString implements [converter.DataConverter].
func (v *values) ToString(payload *commonpb.Payload) string {
	if !v.configured() {
		return v.sdk.ToString(payload)
	}
	if payload == nil {
		return ""
	}
	if reader := v.raw().reader(payload, nil); reader != nil {
		return reader.ToString(payload)
	}
	raw := [1]*commonpb.Payload{payload}
	if err := v.replace(fromPayload, raw[:], []int{0}, nil); err != nil {
		return err.Error()
	}
	return v.raw().rawReader(raw[0]).ToString(raw[0])
}

// ToStrings implements [converter.DataConverter].
func (v *values) ToStrings(payloads *commonpb.Payloads) []string {
	var texts []string
	for _, payload := range payloads.GetPayloads() {
		texts = append(texts, v.ToString(payload))
	}
	return texts
}

// replace replaces the payloads at these indexes with the library's results, all of them or none.
// list is the values that they come from, or the targets: it knows the message types that the
// library may ask for.
func (v *values) replace(op operation, payloads []*commonpb.Payload, indexes []int, list []any) error {
	if len(indexes) == 0 {
		return nil
	}
	err := v.tryReplace(op, payloads, indexes, list)
	if err == nil {
		return nil
	}
	// A descriptor that the library refuses belongs to the value's own type.
	if op == fromPayload || !errors.Is(err, ErrDescriptor) {
		err = v.raise(err)
	}
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	var payload *commonpb.Payload
	if i := e.PayloadIndex; i >= 0 && i < len(indexes) {
		e.PayloadIndex = indexes[i]
		payload = payloads[indexes[i]]
	}
	return fmt.Errorf("%w: %w", sdkError(op, e.Code, payload), err)
}

// tryReplace is replace with the library's own errors.
func (v *values) tryReplace(op operation, payloads []*commonpb.Payload, indexes []int, list []any) error {
	message, err := marshalPayloads(payloads, indexes)
	if err != nil {
		return err
	}
	answer, err := v.repeat(list, func(n native, call *nativeCall) ([]byte, *Error) {
		return n.convert(op, call, v.serialization, message)
	})
	if err != nil {
		return err
	}
	return unmarshalPayloads(answer, payloads, indexes)
}

// sdkError is the SDK's error for a code: errors.Is finds what it would with the
// SDK's default converter.
func sdkError(op operation, code Code, payload *commonpb.Payload) error {
	switch {
	case code == ErrValue && op == toPayload:
		return converter.ErrUnableToFindConverter
	case op == toPayload:
		return converter.ErrUnableToEncode
	case code != ErrEncoding:
		return converter.ErrUnableToDecode
	case payload.GetMetadata() == nil:
		return converter.ErrMetadataIsNotSet
	}
	if _, ok := payload.GetMetadata()[converter.MetadataEncoding]; !ok {
		return converter.ErrEncodingIsNotSet
	}
	return converter.ErrEncodingIsNotSupported
}
