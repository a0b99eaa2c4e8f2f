package peer

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// Tuned speaks the format of [Sample] and is as fast as Go allows through the
// public APIs of protobuf and crypto: the cipher is kept; encode marshals
// straight behind the nonce, in memory of the exact size, and encrypts there;
// decode decrypts into memory that is used again, from where protobuf copies.
type Tuned struct {
	keyID string
	aead  cipher.AEAD
	spare sync.Pool // of *[]byte, for plaintexts
}

var _ converter.PayloadCodec = (*Tuned)(nil)

// NewTuned prepares the cipher.
func NewTuned(keyID string, key []byte) (*Tuned, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	t := &Tuned{keyID: keyID, aead: aead}
	t.spare.New = func() any { return new([]byte) }
	return t, nil
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
	if len(data) < nonceSize {
		return nil, errors.New("the ciphertext is too short")
	}
	spare := t.spare.Get().(*[]byte)
	defer t.spare.Put(spare)
	plaintext, err := t.aead.Open((*spare)[:0], data[:nonceSize], data[nonceSize:], nil)
	if err != nil {
		return nil, err
	}
	*spare = plaintext
	p := new(commonpb.Payload)
	if err := proto.Unmarshal(plaintext, p); err != nil {
		return nil, err
	}
	return p, nil
}
