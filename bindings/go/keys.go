package tdc

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// maxRounds is how often one call may make the library ask for keys or a reload.
// A call asks for all the keys it can name, so a few rounds suffice. Those for a
// codec server do not count: each answers for other payloads of the call.
const maxRounds = 20

// settle does what the library asks for before the call can be tried again, or
// gives the fault as an error. It counts the rounds of the call.
func (c *payloadCodec) settle(f *fault, rounds *int) error {
	if f.status == statusRemoteNeeded {
		return c.ask(f.request)
	}
	if *rounds++; *rounds == maxRounds {
		return f.asError()
	}
	switch f.status {
	case statusReloadNeeded:
		// If it fails, the old keys stay, and the library says what is missing.
		_ = c.tdc.core.reload()
		return nil
	case statusKeyNeeded:
		for _, id := range f.keyIDs {
			if err := c.fetchKey(id); err != nil {
				return err
			}
		}
		return nil
	}
	return c.unsettled(f)
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

func (c *payloadCodec) fetchKey(id string) error {
	core := c.tdc.core
	if core.provider == nil {
		return core.native.rejectKey(id)
	}
	key, err := core.provider.Key(c.context(), id)
	switch {
	case err == nil:
		return core.native.provideKey(id, key)
	case errors.Is(err, ErrKeyNotFound):
		return core.native.rejectKey(id)
	}
	failed := newError(ErrKeyProvider, true, 0, fmt.Sprintf("the key provider failed for the key %s: %v", id, err))
	failed.cause = err
	return failed
}

// context is the caller's, if the SDK tells it.
func (c *payloadCodec) context() context.Context {
	if c.ctx == nil {
		return context.Background()
	}
	return c.ctx
}
