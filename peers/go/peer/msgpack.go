package peer

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

const encodingMsgpack = "binary/msgpack"

// MessagePack makes MessagePack of JSON payloads by encoding/json and
// vmihailenco/msgpack: the fast way, in which numbers pass through float64. The
// encoder writes whole ones as integers again.
type MessagePack struct{}

var _ converter.PayloadCodec = MessagePack{}

// Encode implements [converter.PayloadCodec].
func (MessagePack) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoder := msgpack.GetEncoder()
	defer msgpack.PutEncoder(encoder)
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		var value any
		if err := json.Unmarshal(p.Data, &value); err != nil {
			return payloads, err
		}
		var out bytes.Buffer
		out.Grow(len(p.Data))
		encoder.Reset(&out)
		encoder.UseCompactInts(true)
		encoder.UseCompactFloats(true)
		if err := encoder.Encode(value); err != nil {
			return payloads, err
		}
		result[i] = payload(encodingMsgpack, out.Bytes())
	}
	return result, nil
}

// Decode implements [converter.PayloadCodec].
func (MessagePack) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if encoding := string(p.Metadata[converter.MetadataEncoding]); encoding != encodingMsgpack {
			return payloads, fmt.Errorf("the encoding is %q", encoding)
		}
		var value any
		if err := msgpack.Unmarshal(p.Data, &value); err != nil {
			return payloads, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return payloads, err
		}
		result[i] = payload(converter.MetadataEncodingJSON, text)
	}
	return result, nil
}

func payload(encoding string, data []byte) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}, Data: data}
}
