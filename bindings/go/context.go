package tdc

import (
	"google.golang.org/protobuf/encoding/protowire"

	"go.temporal.io/sdk/converter"
)

// The fields of the serialization context message in tdc.h.
const (
	contextKind              = 1
	contextNamespace         = 2
	contextWorkflowID        = 3
	contextWorkflowType      = 4
	contextActivityType      = 6
	contextActivityTaskQueue = 7
	contextIsLocal           = 8

	kindWorkflow = 1
	kindActivity = 2
)

// marshalContext is sc as the library takes it; nil for a context that it has
// no message for, such as that of a Nexus operation.
func marshalContext(sc converter.SerializationContext) []byte {
	switch sc := sc.(type) {
	case converter.WorkflowSerializationContext:
		b := appendKind(len(sc.Namespace)+len(sc.WorkflowID), kindWorkflow)
		b = appendString(b, contextNamespace, sc.Namespace)
		return appendString(b, contextWorkflowID, sc.WorkflowID)
	case converter.ActivitySerializationContext:
		b := appendKind(len(sc.Namespace)+len(sc.WorkflowID)+len(sc.WorkflowType)+len(sc.ActivityType)+len(sc.TaskQueue), kindActivity)
		b = appendString(b, contextNamespace, sc.Namespace)
		b = appendString(b, contextWorkflowID, sc.WorkflowID)
		b = appendString(b, contextWorkflowType, sc.WorkflowType)
		b = appendString(b, contextActivityType, sc.ActivityType)
		b = appendString(b, contextActivityTaskQueue, sc.TaskQueue)
		if sc.IsLocal {
			b = protowire.AppendTag(b, contextIsLocal, protowire.VarintType)
			b = protowire.AppendVarint(b, 1)
		}
		return b
	}
	return nil
}

// appendKind starts a message that holds so many bytes of strings.
func appendKind(strings int, kind uint64) []byte {
	b := make([]byte, 0, strings+32)
	b = protowire.AppendTag(b, contextKind, protowire.VarintType)
	return protowire.AppendVarint(b, kind)
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, s)
}
