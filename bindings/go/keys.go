package tdc

import (
	"context"
	"errors"
	"fmt"
)

// ErrKeyNotFound is what a [KeyProvider] answers for an id that it does not
// know. The library remembers that for half a minute.
var ErrKeyNotFound = errors.New("tdc: no such key")

// A KeyProvider fetches keys that are not in the configuration's ring, from a
// key service for instance. It is used if the configuration says "host: true".
//
// Key gives the 32 bytes of the key, or an error that is [ErrKeyNotFound] if
// there is no such key. Any other error says that the provider is away: the
// call fails with a transient [*Error] that wraps it, and in workflow code the
// workflow task is tried again. Keys are remembered; many calls may ask for the
// same one at once at first. The context is that of the activity or client call
// if the SDK tells it, else [context.Background].
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
	return f.asError()
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
	away := newError(ErrKeyNeeded, true, 0, fmt.Sprintf("the key provider did not answer for key %q: %v", id, err))
	away.cause = err
	return away
}

// context is the caller's, if the SDK tells it.
func (c *payloadCodec) context() context.Context {
	if c.ctx == nil {
		return context.Background()
	}
	return c.ctx
}
