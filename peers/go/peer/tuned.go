package peer

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// Tuned speaks the format of [Sample] and is tuned through the public APIs of
// protobuf and crypto: the cipher is kept, and what is allocated has the exact
// size. Encode marshals straight behind the nonce and encrypts there. Decode does
// not keep memory for the next plaintext: that would spare an allocation, and
// leave plaintext behind.
type Tuned struct {
	keyID string
	aead  cipher.AEAD
}

var _ converter.PayloadCodec = (*Tuned)(nil)

// NewTuned prepares the cipher.
func NewTuned(keyID string, key []byte) (*Tuned, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &Tuned{keyID: keyID, aead: aead}, nil
}

// Encode implements [converter.PayloadCodec].
func (t *Tuned) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		size := proto.Size(p)
		nonceSize := t.aead.NonceSize()
		data := make([]byte, nonceSize, nonceSize+size+t.aead.Overhead())
		if _, err := rand.Read(data); err != nil {
			return nil, err
		}
		message, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(data, p)
		if err != nil {
			return nil, err
		}
		result[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingEncrypted),
				metadataKeyID:              []byte(t.keyID),
			},
			Data: t.aead.Seal(data, data, message[nonceSize:], nil),
		}
	}
	return result, nil
}

// Decode implements [converter.PayloadCodec].
func (t *Tuned) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.Metadata[converter.MetadataEncoding]) != encodingEncrypted {
			result[i] = p
			continue
		}
		if id := p.Metadata[metadataKeyID]; string(id) != t.keyID {
			return nil, fmt.Errorf("unknown key %q", id)
		}
		decoded, err := t.decode(p.Data)
		if err != nil {
			return nil, err
		}
		result[i] = decoded
	}
	return result, nil
}

func (t *Tuned) decode(data []byte) (*commonpb.Payload, error) {
	nonceSize := t.aead.NonceSize()
	if len(data) < nonceSize+t.aead.Overhead() {
		return nil, errors.New("the ciphertext is too short")
	}
	plaintext := make([]byte, 0, len(data)-nonceSize-t.aead.Overhead())
	plaintext, err := t.aead.Open(plaintext, data[:nonceSize], data[nonceSize:], nil)
	if err != nil {
		return nil, err
	}
	p := new(commonpb.Payload)
	if err := proto.Unmarshal(plaintext, p); err != nil {
		return nil, err
	}
	return p, nil
}
