package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"gocloud.dev/secrets"
	"google.golang.org/protobuf/proto"
)

// The entries of a payload that Temporal Proxy sealed. It opens a payload that has all three, and
// passes on any other.
const (
	encodingEntry = "encoding"
	keyEntry      = "encryption-key-id"
	dataKeyEntry  = "encryption-dek"
	encrypted     = "binary/encrypted"
)

// envelope is Temporal Proxy's codec, written after its description: AES-256-GCM under a data key
// that the key service wraps.
type envelope struct {
	keeper *secrets.Keeper
	id     string
}

// seal encrypts every payload of a serialised Payloads under one new data key.
func (e envelope) seal(ctx context.Context, message []byte) ([]byte, error) {
	dataKey := make([]byte, 32)
	if _, err := rand.Read(dataKey); err != nil {
		return nil, err
	}
	wrapped, err := e.keeper.Encrypt(ctx, dataKey)
	if err != nil {
		return nil, err
	}
	aead, err := aead(dataKey)
	if err != nil {
		return nil, err
	}
	return each(message, func(payload *commonpb.Payload) (*commonpb.Payload, error) {
		plaintext, err := proto.Marshal(payload)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, aead.NonceSize())
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		return &commonpb.Payload{
			Metadata: map[string][]byte{
				encodingEntry: []byte(encrypted),
				keyEntry:      []byte(e.id),
				dataKeyEntry:  []byte(base64.StdEncoding.EncodeToString(wrapped)),
			},
			Data: aead.Seal(nonce, nonce, plaintext, nil),
		}, nil
	})
}

// open decrypts every payload of a serialised Payloads that this key sealed.
func (e envelope) open(ctx context.Context, message []byte) ([]byte, error) {
	return each(message, func(payload *commonpb.Payload) (*commonpb.Payload, error) {
		metadata := payload.GetMetadata()
		if string(metadata[encodingEntry]) != encrypted || string(metadata[keyEntry]) != e.id || len(metadata[dataKeyEntry]) == 0 {
			return payload, nil
		}
		wrapped, err := base64.StdEncoding.DecodeString(string(metadata[dataKeyEntry]))
		if err != nil {
			return nil, err
		}
		dataKey, err := e.keeper.Decrypt(ctx, wrapped)
		if err != nil {
			return nil, err
		}
		aead, err := aead(dataKey)
		if err != nil {
			return nil, err
		}
		sealed := payload.GetData()
		if len(sealed) < aead.NonceSize() {
			return nil, fmt.Errorf("expected a nonce of %d bytes, found %d bytes", aead.NonceSize(), len(sealed))
		}
		plaintext, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
		if err != nil {
			return nil, err
		}
		opened := new(commonpb.Payload)
		return opened, proto.Unmarshal(plaintext, opened)
	})
}

func aead(dataKey []byte) (cipher.AEAD, error) {
	if len(dataKey) != 32 {
		return nil, fmt.Errorf("expected a data key of 32 bytes, found %d", len(dataKey))
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func each(message []byte, convert func(*commonpb.Payload) (*commonpb.Payload, error)) ([]byte, error) {
	list := new(commonpb.Payloads)
	if err := proto.Unmarshal(message, list); err != nil {
		return nil, err
	}
	for at, payload := range list.Payloads {
		converted, err := convert(payload)
		if err != nil {
			return nil, fmt.Errorf("payload %d: %w", at, err)
		}
		list.Payloads[at] = converted
	}
	return proto.Marshal(list)
}
