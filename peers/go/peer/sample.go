// Package peer has the codecs that tdc is compared with: they speak the same
// formats, and are made of nothing but Go's standard library and the SDK.
package peer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
)

// Sample encrypts as the encryption sample for Go is described: AES-256-GCM
// with a cipher made for each call, the whole Payload as plaintext, and
// nonce ‖ ciphertext ‖ tag as data.
type Sample struct {
	KeyID string
	Key   []byte
}

var _ converter.PayloadCodec = (*Sample)(nil)

// Encode implements [converter.PayloadCodec].
func (s *Sample) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plaintext, err := proto.Marshal(p)
		if err != nil {
			return payloads, err
		}
		data, err := seal(s.Key, plaintext)
		if err != nil {
			return payloads, err
		}
		result[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingEncrypted),
				metadataKeyID:              []byte(s.KeyID),
			},
			Data: data,
		}
	}
	return result, nil
}

// Decode implements [converter.PayloadCodec].
func (s *Sample) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.Metadata[converter.MetadataEncoding]) != encodingEncrypted {
			result[i] = p
			continue
		}
		id, ok := p.Metadata[metadataKeyID]
		if !ok {
			return payloads, errors.New("the payload names no key")
		}
		if string(id) != s.KeyID {
			return payloads, fmt.Errorf("unknown key %q", id)
		}
		plaintext, err := open(s.Key, p.Data)
		if err != nil {
			return payloads, err
		}
		result[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plaintext, result[i]); err != nil {
			return payloads, err
		}
	}
	return result, nil
}

func seal(key, plaintext []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plaintext, nil), nil
}

func open(key, data []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if len(data) < aead.NonceSize() {
		return nil, errors.New("the ciphertext is too short")
	}
	return aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], nil)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
