package tdc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A KeyService wraps and unwraps data keys with keys that never leave it. It replaces the clients
// in the library libtdc_keys for the entries of the configuration's ring that name a service.
//
// A [*KeyServiceError] says whether the service refused, or the wrapped key does not belong to this
// key. Any other error means that the service could not be reached or was too slow. The call fails
// with [ErrKeyRefused], with [ErrCiphertext] or with [ErrKeyService], and wraps the error. A
// refusal is cached for 30 seconds, an unavailable service for one.
//
// Up to 16 calls for one list run at the same time, and the context ends with the service's
// timeout. Otherwise the context is that of the activity or client call if the SDK passes it on,
// else [context.Background].
type KeyService interface {
	// Wrap encrypts a new data key of 32 bytes. The slice is overwritten when Wrap
	// returns.
	Wrap(ctx context.Context, key KeyServiceKey, dataKey []byte) ([]byte, error)

	// Unwrap decrypts a key that Wrap returned, possibly in another program and long ago. The slice
	// that it returns is overwritten and must not be used again.
	Unwrap(ctx context.Context, key KeyServiceKey, wrapped []byte) ([]byte, error)
}

// A KeyServiceKey is a key of a key service as the configuration names it.
type KeyServiceKey struct {
	URI     string        // such as "awskms://alias/orders?region=eu-central-1"
	Earlier []string      // keys that an alias named earlier, which Unwrap has to try as well
	Timeout time.Duration // for one attempt
}

// A KeyServiceError says why a key service did not wrap or unwrap a data key.
type KeyServiceError struct {
	Refused bool   // access is denied, or the key is disabled or destroyed
	Invalid bool   // the wrapped key was changed, or is of another key
	Reason  string // in words, without a secret
}

// Error is the reason.
func (e *KeyServiceError) Error() string { return e.Reason }

// WithKeyService sets the [KeyService] that wraps and unwraps data keys instead of the library
// libtdc_keys, for configurations with keys of key services.
func WithKeyService(service KeyService) Option {
	return func(o *options) { o.service = service }
}

// maxKeyRequests is how many keys are requested at the same time.
const maxKeyRequests = 16

// askKeyServices returns the answers to these requests of a call; answers of the clients in
// libtdc_keys go directly into the call. The error is that of a cancelled context, which says
// nothing about the service.
func (h *handle) askKeyServices(ctx context.Context, call *nativeCall, causes *causes, requests []hostRequest) ([]reply, error) {
	if h.service == nil {
		err := h.native.answerByClients(call)
		var missing *KeyServiceError
		if !errors.As(err, &missing) {
			return nil, err
		}
		replies := make([]reply, len(requests))
		for i, r := range requests {
			replies[i] = reply{r.id, kindNotDone, marshalNotDone(missing)}
		}
		return replies, nil
	}
	replies := make([]reply, len(requests))
	failures := make([]error, len(requests))
	var wait sync.WaitGroup
	slots := make(chan struct{}, maxKeyRequests)
	for i, r := range requests {
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() { <-slots }()
			replies[i], failures[i] = askKeyService(ctx, h.service, r)
		}()
	}
	wait.Wait()
	for i, cause := range failures {
		if cause == nil {
			continue
		}
		if ctx.Err() != nil {
			eraseDataKeys(replies)
			return nil, newError(ErrKeyService, -1, "the call was cancelled while a key service was asked").because(cause)
		}
		causes.add(codeOf(requests[i].kind, cause), cause)
	}
	return replies, nil
}

// askKeyService requests one key. cause is why there is none; the reply contains its text.
func askKeyService(ctx context.Context, service KeyService, r hostRequest) (made reply, cause error) {
	defer func() {
		// This may run on a goroutine of this package, where a panic would end the program.
		if p := recover(); p != nil {
			cause = fmt.Errorf("the key service panicked: %v", p)
			made = reply{r.id, kindNotDone, marshalNotDone(&KeyServiceError{Reason: "the key service panicked"})}
		}
	}()
	key, given := readKeyRequest(r.keys)
	ctx, cancel := context.WithTimeout(ctx, key.Timeout)
	defer cancel()
	ask := service.Unwrap
	if r.kind == kindWrap {
		ask = service.Wrap
		defer clear(given)
	}
	answer, err := ask(ctx, key, given)
	if err != nil {
		return reply{r.id, kindNotDone, marshalNotDone(err)}, err
	}
	return reply{r.id, r.kind, answer}, nil
}

// readKeyRequest reads a tdc.host.v1.Wrap or Unwrap: whose key, and a copy of the key.
func readKeyRequest(message []byte) (key KeyServiceKey, given []byte) {
	for f := range fields(message) {
		if f.number == 2 {
			given = bytes.Clone(f.bytes)
			continue
		}
		for f := range fields(f.bytes) {
			switch f.number {
			case 1:
				key.URI = string(f.bytes)
			case 2:
				key.Earlier = append(key.Earlier, string(f.bytes))
			case 3:
				key.Timeout = milliseconds(f.value)
			}
		}
	}
	return key, given
}

// milliseconds is a duration that the library gave.
func milliseconds(n uint64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
}

// marshalNotDone is a tdc.host.v1.KeyServiceFailure.
func marshalNotDone(err error) []byte {
	var said *KeyServiceError
	var message []byte
	if errors.As(err, &said) {
		for number, is := range map[protowire.Number]bool{1: said.Refused, 2: said.Invalid} {
			if is {
				message = protowire.AppendTag(message, number, protowire.VarintType)
				message = protowire.AppendVarint(message, 1)
			}
		}
	}
	message = protowire.AppendTag(message, 3, protowire.BytesType)
	return protowire.AppendString(message, err.Error())
}

// codeOf is the code with which the library reports a failure.
func codeOf(kind protowire.Number, cause error) Code {
	var said *KeyServiceError
	switch {
	case !errors.As(cause, &said):
		return ErrKeyService
	case said.Invalid && kind == kindUnwrap:
		return ErrCiphertext
	case said.Refused && !said.Invalid:
		return ErrKeyRefused
	}
	return ErrKeyService
}
