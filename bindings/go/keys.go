package tdc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrKeyNotFound is what a [KeyProvider] answers for an id that it does not
// know. The library remembers that for half a minute.
var ErrKeyNotFound = errors.New("tdc: no such key")

// A KeyProvider fetches keys that are not in the configuration's ring, from a
// key service for instance. It is used if the configuration says "host: true".
//
// Key gives the 32 bytes of the key, or an error that is [ErrKeyNotFound] if
// there is no such key. Any other error says that the provider failed: the call
// fails with [ErrKeyProvider], which is transient and wraps it. Keys are
// remembered; at first many calls may ask for the same key at once. The context
// is that of the activity or client call if the SDK tells it, else
// [context.Background].
type KeyProvider interface {
	Key(ctx context.Context, id string) ([]byte, error)
}

// unsettled is a fault that trying again does not mend, as an error. The library
// does not know that the host has no provider for the keys that it was promised.
func (c *payloadCodec) unsettled(f *fault) error {
	core := c.tdc.core
	if Code(f.status) != ErrKeyUnknown || core.provider != nil || !core.native.usesHostKeys() {
		return f.asError()
	}
	unknown := f.message
	if advice := strings.LastIndex(unknown, ": "); advice >= 0 { // for keys of the ring
		unknown = unknown[:advice]
	}
	return newError(ErrKeyProvider, true, f.index, unknown+`, and no key provider was given: pass tdc.WithKeyProvider to Open, `+
		`which "host: true" expects, or add the key to keys.ring`)
}

// fetchKey is the answer to a request for a key.
func (c *payloadCodec) fetchKey(id string) (protowire.Number, []byte, error) {
	provider := c.tdc.core.provider
	if provider == nil {
		return kindUnknown, nil, nil
	}
	key, err := provider.Key(c.context(), id)
	switch {
	case err == nil:
		return kindKey, key, nil
	case errors.Is(err, ErrKeyNotFound):
		return kindUnknown, nil, nil
	}
	failed := newError(ErrKeyProvider, true, 0, fmt.Sprintf("the key provider failed for the key %s: %v", id, err))
	failed.cause = err
	return 0, nil, failed
}

// context is the caller's, if the SDK tells it.
func (c *payloadCodec) context() context.Context {
	if c.ctx == nil {
		return context.Background()
	}
	return c.ctx
}
