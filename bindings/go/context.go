package tdc

import (
	"context"
	"reflect"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protowire"
)

// A scope is what a call has besides its payloads.
type scope struct {
	tdc           *Tdc
	serialization []byte                    // the serialization context, as protobuf
	ctx           context.Context           // for the key provider, key services and HTTP requests; may be nil
	inWorkflow    bool                      // known to run in workflow code
	drivers       []converter.StorageDriver // who retrieves what references name; without any, they stay
}

func (s scope) withSerializationContext(sc converter.SerializationContext) scope {
	s.serialization = marshalContext(sc)
	return s
}

// context is the caller's context, if the SDK passes it on.
func (s *scope) context() context.Context {
	if s.ctx == nil {
		return context.Background()
	}
	return s.ctx
}

// The kinds of a tdc.context.v1.Context.
const (
	kindWorkflow = 1
	kindActivity = 2
	kindNexus    = 3
)

// marshalContext is sc as a tdc.context.v1.Context; nil for a context that cannot be expressed as
// one.
func marshalContext(sc converter.SerializationContext) []byte {
	switch sc := sc.(type) {
	case converter.WorkflowSerializationContext:
		return contextMessage(kindWorkflow, false, sc.Namespace, sc.WorkflowID)
	case converter.ActivitySerializationContext:
		return contextMessage(kindActivity, sc.IsLocal, sc.Namespace, sc.WorkflowID, sc.WorkflowType, "", sc.ActivityType, sc.TaskQueue)
	}
	return marshalNexus(sc)
}

// marshalNexus is the context of a Nexus operation, which has no namespace. SDKs before 1.49 do not
// have the type, so it is recognised by its name.
func marshalNexus(sc converter.SerializationContext) []byte {
	v := reflect.ValueOf(sc)
	if v.Kind() != reflect.Struct || v.Type().Name() != "NexusSerializationContext" {
		return nil
	}
	text := func(name string) string {
		if f := v.FieldByName(name); f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	return contextMessage(kindNexus, false, "", "", "", "", "", "", "", text("Endpoint"), text("Service"), text("Operation"))
}

// contextMessage has the strings in the fields from 2 on.
func contextMessage(kind uint64, isLocal bool, strings ...string) []byte {
	size := 32
	for _, s := range strings {
		size += len(s)
	}
	b := protowire.AppendTag(make([]byte, 0, size), 1, protowire.VarintType)
	b = protowire.AppendVarint(b, kind)
	for i, s := range strings {
		if s != "" {
			b = protowire.AppendTag(b, protowire.Number(i+2), protowire.BytesType)
			b = protowire.AppendString(b, s)
		}
	}
	if isLocal {
		b = protowire.AppendTag(b, 8, protowire.VarintType)
		b = protowire.AppendVarint(b, 1)
	}
	return b
}
