package tdc

import (
	"slices"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A plan says which fields of a message type belong to an excerpt. The library decides which
// payloads to convert: a plan includes every field whose type the library would look into, and the
// library handles the payloads that it finds there.
type plan struct {
	descriptor protoreflect.MessageDescriptor
	shape      shape
	fields     []plannedField // in the order in which package proto writes them
}

// A shape is the form in which a message type is put into an excerpt.
type shape int

const (
	shapeFields  shape = iota // the fields of the plan
	shapePayload              // as a Payload
	shapeList                 // as a Payloads
	shapeWhole                // as it is: the library reads more of it than what leads to payloads
)

// A plannedField is a field that leads to payloads, or a oneof with such members.
type plannedField struct {
	field   protoreflect.FieldDescriptor
	tag     uint64
	isList  bool
	isMap   bool
	plan    *plan
	oneof   protoreflect.OneofDescriptor
	members map[protoreflect.FieldNumber]*plannedField // of the oneof
}

// plans are the plans by full name that were made so far: nil for a type that has
// no excerpt.
var plans sync.Map

// planOf is the plan of this type; nil if such messages are better passed as a whole.
func planOf(descriptor protoreflect.MessageDescriptor) *plan {
	name := descriptor.FullName()
	known, ok := plans.Load(name)
	if !ok {
		known, _ = plans.LoadOrStore(name, newPlan(name))
	}
	// A different descriptor with that name comes from a program that builds its own.
	if p := known.(*plan); p != nil && p.descriptor == descriptor {
		return p
	}
	return nil
}

// newPlan is the plan of the type that is linked into the program.
func newPlan(name protoreflect.FullName) *plan {
	linked, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		return nil
	}
	p := planner{}.plan(linked.Descriptor())
	if p == nil || p.shape == shapePayload || p.shape == shapeWhole {
		return nil
	}
	return p
}

// A planner has the plans that it built, which may refer to each other.
type planner map[protoreflect.FullName]*plan

// plan is nil if the library would not look into messages of this type.
func (made planner) plan(d protoreflect.MessageDescriptor) *plan {
	name := d.FullName()
	if p, ok := made[name]; ok {
		return p
	}
	if !looksInto(name) {
		made[name] = nil
		return nil
	}
	p := &plan{descriptor: d, shape: shapeOf(d)}
	made[name] = p
	if p.shape == shapeFields {
		made.addFields(p)
	}
	return p
}

func (made planner) addFields(p *plan) {
	fields := p.descriptor.Fields()
	oneofs := map[protoreflect.FullName]int{}
	for i := range fields.Len() {
		field := fields.Get(i)
		planned := plannedField{
			field: field, isList: field.IsList(), isMap: field.IsMap(),
			tag: protowire.EncodeTag(field.Number(), protowire.BytesType),
		}
		switch {
		case field.IsMap():
			if value := field.MapValue(); value.Message() != nil {
				planned.plan = made.plan(value.Message())
			}
		case field.Message() != nil:
			planned.plan = made.plan(field.Message())
		}
		if planned.plan == nil {
			continue
		}
		oneof := field.ContainingOneof()
		if oneof == nil || oneof.IsSynthetic() {
			p.fields = append(p.fields, planned)
			continue
		}
		at, ok := oneofs[oneof.FullName()]
		if !ok {
			at = len(p.fields)
			oneofs[oneof.FullName()] = at
			members := map[protoreflect.FieldNumber]*plannedField{}
			p.fields = append(p.fields, plannedField{oneof: oneof, members: members})
		}
		p.fields[at].members[field.Number()] = &planned
	}
	// As package proto writes them: the index in an error counts payloads in this order.
	slices.SortStableFunc(p.fields, func(a, b plannedField) int {
		switch {
		case a.oneof != nil && b.oneof != nil:
			return a.oneof.Index() - b.oneof.Index()
		case a.oneof != nil:
			return 1
		case b.oneof != nil:
			return -1
		}
		return int(a.field.Number() - b.field.Number())
	})
}

func shapeOf(d protoreflect.MessageDescriptor) shape {
	switch d.FullName() {
	case "temporal.api.common.v1.Payload":
		return shapePayload
	case "temporal.api.common.v1.Payloads":
		return shapeList
	case "temporal.api.failure.v1.Failure", "google.protobuf.Any":
		return shapeWhole // its text is encoded too; it holds a message as bytes
	}
	if endpoint := d.Fields().ByName("endpoint"); endpoint != nil && endpoint.Kind() == protoreflect.StringKind {
		return shapeWhole // a Nexus operation: the endpoint says what its input is
	}
	fields := d.Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Kind() == protoreflect.GroupKind || field.IsMap() && field.MapKey().Kind() != protoreflect.StringKind {
			return shapeWhole // no message of Temporal's API has one that leads to payloads
		}
	}
	return shapeFields
}

// looksInto tells whether the library looks for payloads in messages of this type: it refuses
// malformed messages only there.
func looksInto(name protoreflect.FullName) bool {
	library, err := anyLibrary()
	if err != nil {
		return true
	}
	_, problem := library.message(decode, nil, nil, string(name), false, []byte{0xff})
	return problem != nil && problem.Code != ErrType
}

// anyLibrary has a configuration that refuses nothing.
var anyLibrary = sync.OnceValues(func() (native, error) {
	return parseNative([]byte("version: 1"), "", "")
})
