package tdc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrKeyNotFound is the answer of a [KeyProvider] for an unknown id. The library caches that for
// half a minute.
var ErrKeyNotFound = errors.New("tdc: no such key")

// A KeyProvider fetches keys that are not in the configuration's ring, from a
// key service for instance. It is used if the configuration says "host: true".
//
// Key returns the 32 bytes of the key, or [ErrKeyNotFound] if there is no such key. Any other error
// means that the provider failed: the call fails with [ErrKeyProvider], which is transient and
// wraps it. Keys are cached; before that, many calls may ask for the same key at once. The context
// is that of the activity or client call if the SDK passes it on, else [context.Background].
type KeyProvider interface {
	Key(ctx context.Context, id string) ([]byte, error)
}

// fetchKey is the answer to a request for a key.
func fetchKey(ctx context.Context, provider KeyProvider, id string) (protowire.Number, []byte, error) {
	if provider == nil {
		return kindUnknown, nil, nil
	}
	key, err := provider.Key(ctx, id)
	switch {
	case err == nil:
		return kindKey, key, nil
	case errors.Is(err, ErrKeyNotFound):
		return kindUnknown, nil, nil
	}
	return 0, nil, newError(ErrKeyProvider, 0, fmt.Sprintf("the key provider failed for the key %s: %v", id, err)).because(err)
}
