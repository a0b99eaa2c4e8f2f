package tdc

import (
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// convert puts what the library makes of the payloads at these places in their
// stead, all of them or none. values are what they are made of or for: they know
// the types that the library may ask for.
func (c *payloadConverters) convert(op operation, payloads []*commonpb.Payload, places []int, values []any) error {
	if len(places) == 0 {
		return nil
	}
	if err := c.try(op, payloads, places, values); err != nil {
		return c.problem(op, payloads, places, err)
	}
	return nil
}

// try is convert with the library's own errors.
func (c *payloadConverters) try(op operation, payloads []*commonpb.Payload, places []int, values []any) error {
	message, err := marshalPayloads(payloads, places)
	if err != nil {
		return err
	}
	answer, err := c.codec.repeat(values, func(n native, call *nativeCall) ([]byte, *fault) {
		return n.values(op, call, c.codec.serialization, message)
	})
	if err != nil {
		return err
	}
	return unmarshalPayloads(answer, payloads, places)
}

// problem is err with the payload's place in the whole list, and the SDK's word
// for it: errors.Is finds what it would with the SDK's default converter.
func (c *payloadConverters) problem(op operation, payloads []*commonpb.Payload, places []int, err error) error {
	var e *Error
	// A descriptor that the library refuses belongs to the value's own type.
	if op == decode || !errors.Is(err, ErrDescriptor) {
		err = c.codec.raise(err)
	}
	if !errors.As(err, &e) {
		return err
	}
	var payload *commonpb.Payload
	if i := e.PayloadIndex; i >= 0 && i < len(places) {
		e.PayloadIndex = places[i]
		payload = payloads[places[i]]
	}
	return fmt.Errorf("%w: %w", sdkError(op, e.Code, payload), err)
}

func sdkError(op operation, code Code, payload *commonpb.Payload) error {
	switch {
	case code == ErrValue && op == encode:
		return converter.ErrUnableToFindConverter
	case op == encode:
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
