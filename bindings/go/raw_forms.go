package tdc

import (
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// rawForms are the forms of values that the library accepts. The first converter that accepts a
// value creates its raw form: the user's own come first.
type rawForms struct{ own []converter.PayloadConverter }

// makers make the raw forms. How objects become JSON is the last one's job.
var makers = []converter.PayloadConverter{
	converter.NewNilPayloadConverter(),
	converter.NewByteSlicePayloadConverter(),
	converter.NewProtoPayloadConverter(),
	converter.NewJSONPayloadConverter(),
}

// protoJSON is used where the library is not asked; see reader.
var protoJSON = converter.NewProtoJSONPayloadConverter()

// make is the payload of value by the first converter that accepts it.
func (r rawForms) make(value any) (*commonpb.Payload, error) {
	if raw, ok := value.(converter.RawValue); ok {
		return raw.Payload(), nil
	}
	if usesTransferType(value) {
		return nil, fmt.Errorf("%w: %w", converter.ErrUnableToEncode, errTransferType(value))
	}
	for _, list := range [...][]converter.PayloadConverter{r.own, makers} {
		for _, each := range list {
			if payload, err := each.ToPayload(value); payload != nil || err != nil {
				return payload, err
			}
		}
	}
	return nil, fmt.Errorf("type: %T: %w", value, converter.ErrUnableToFindConverter)
}

// usesTransferType tells whether the SDK stores values of this type as another type (since 1.50).
// Clients, workers and test environments handle that before they call a data converter, which need
// not deal with those types.
func usesTransferType(value any) bool {
	if value == nil {
		return false
	}
	_, uses := reflect.TypeOf(value).MethodByName("TransferTypeConverter")
	return uses
}

func errTransferType(value any) error {
	return fmt.Errorf("type: %T: a transfer type is applied by the SDK: pass the value to a client or a workflow", value)
}

// isRawForm tells whether the library takes the payload. Payloads with other encodings come from
// the user's own converters and are left to them.
func isRawForm(payload *commonpb.Payload) bool {
	return byEncoding(makers, encodingOf(payload)) != nil
}

// reader is the converter that reads the payload as it is; nil if the library must first convert it
// to a raw form.
func (r rawForms) reader(payload *commonpb.Payload, target any) converter.PayloadConverter {
	encoding := encodingOf(payload)
	if own := byEncoding(r.own, encoding); own != nil && !isRawForm(payload) {
		return own
	}
	// Messages of gogo/protobuf, text for people, null, and the error for a target that is not a
	// message are left to the SDK.
	if encoding == converter.MetadataEncodingProtoJSON && (messageType(target) == nil || string(payload.GetData()) == "null") {
		return protoJSON
	}
	return nil
}

// rawReader is the converter that reads a raw form.
func (r rawForms) rawReader(payload *commonpb.Payload) converter.PayloadConverter {
	encoding := encodingOf(payload)
	if own := byEncoding(r.own, encoding); own != nil {
		return own
	}
	return byEncoding(makers, encoding)
}

func byEncoding(converters []converter.PayloadConverter, encoding string) converter.PayloadConverter {
	for _, each := range converters {
		if each.Encoding() == encoding {
			return each
		}
	}
	return nil
}

func encodingOf(payload *commonpb.Payload) string {
	return string(payload.GetMetadata()[converter.MetadataEncoding])
}

// withMessageType is the payload with this messageType: the target decides how JSON
// is read, as with the SDK, which does not look at messageType.
func withMessageType(payload *commonpb.Payload, name string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding:    payload.Metadata[converter.MetadataEncoding],
			converter.MetadataMessageType: []byte(name),
		},
		Data: payload.Data,
	}
}
