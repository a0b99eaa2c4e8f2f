package tdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// WithStorage puts stored payloads in the places of their references when
// [Tdc.DecodeMessage] and [Tdc.DecodeHistory] decode, whichever SDK stored them:
//
//	decoded, err := t.DecodeHistory(history, tdc.WithStorage(s3Driver))
//
// The drivers are those of [converter.ExternalStorage]; each is asked for the references with its
// name, up to 16 in one Retrieve, which has to return within the configuration's timeout. Without
// WithStorage references stay as they are.
//
// The configuration's "storage" says which drivers and buckets a reference may name, and a key
// must be of the namespace of the payloads ([WithNamespace] or [WithSerializationContext]). Other
// references are [ErrReference], and no driver sees them. What a driver cannot retrieve is
// [ErrStorage], which wraps the driver's error.
func WithStorage(drivers ...converter.StorageDriver) MessageOption {
	return func(o *messageOptions) { o.drivers = append(o.drivers, drivers...) }
}

// A storedObject is what the library asks for: a tdc.host.v1.Object.
type storedObject struct {
	store   string
	claim   map[string]string
	timeout time.Duration
}

func readObject(message []byte) *storedObject {
	object := &storedObject{claim: map[string]string{}}
	for f := range fields(message) {
		switch f.number {
		case 1:
			object.store = string(f.bytes)
		case 5:
			object.timeout = milliseconds(f.value)
		case 6:
			name, value := readPair(f.bytes)
			object.claim[name] = value
		}
	}
	return object
}

// retrieve answers requests for stored objects: each driver retrieves all of its own together, and
// the drivers run at the same time. The error is that of a cancelled context, which says nothing
// about a store.
func (s *scope) retrieve(causes *causes, requests []hostRequest) ([]reply, error) {
	var replies []reply
	failures := make([]error, len(s.drivers))
	made := make([][]reply, len(s.drivers))
	var wait sync.WaitGroup
	for i, driver := range s.drivers {
		var own []hostRequest
		requests = slices.DeleteFunc(requests, func(r hostRequest) bool {
			is := r.object.store == driver.Name()
			if is {
				own = append(own, r)
			}
			return is
		})
		if len(own) == 0 {
			continue
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			made[i], failures[i] = retrieve(s.context(), driver, own)
		}()
	}
	wait.Wait()
	for _, r := range requests { // no driver has this name
		replies = append(replies, reply{r.id, kindUnknown, nil})
	}
	replies = append(replies, slices.Concat(made...)...)
	if cause := errors.Join(failures...); cause != nil {
		if s.context().Err() != nil {
			return nil, newError(ErrStorage, -1, "the call was cancelled while a storage driver retrieved payloads").because(cause)
		}
		causes.add(ErrStorage, cause)
	}
	return replies, nil
}

// retrieve asks one driver. cause is why it retrieved nothing; the replies contain its text.
func retrieve(ctx context.Context, driver converter.StorageDriver, requests []hostRequest) (replies []reply, cause error) {
	defer func() {
		// This runs on a goroutine of this package, where a panic would end the program.
		if p := recover(); p != nil {
			cause = fmt.Errorf("the storage driver panicked: %v", p)
			replies = notRetrieved(requests, "the storage driver panicked")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, requests[0].object.timeout)
	defer cancel()
	claims := make([]converter.StorageDriverClaim, len(requests))
	for i, r := range requests {
		claims[i].ClaimData = r.object.claim
	}
	payloads, err := driver.Retrieve(converter.StorageDriverRetrieveContext{Context: ctx}, claims)
	if err == nil && (len(payloads) != len(claims) || slices.Contains(payloads, (*commonpb.Payload)(nil))) {
		err = fmt.Errorf("the storage driver returned %d payloads, or none at some place, for %d claims", len(payloads), len(claims))
	}
	if err != nil {
		return notRetrieved(requests, err.Error()), err
	}
	for i, payload := range payloads {
		wire, err := proto.Marshal(payload)
		if err != nil {
			return notRetrieved(requests, err.Error()), err
		}
		replies = append(replies, reply{requests[i].id, kindRetrieved, wire})
	}
	return replies, nil
}

// notRetrieved is a tdc.host.v1.ObjectFailure for each request.
func notRetrieved(requests []hostRequest, reason string) []reply {
	failure := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), reason)
	replies := make([]reply, len(requests))
	for i, r := range requests {
		replies[i] = reply{r.id, kindNoObject, failure}
	}
	return replies
}
