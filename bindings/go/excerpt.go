package tdc

import (
	"bytes"
	"errors"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// An excerpt is what of a message in memory leads to payloads, serialised. Everything
// in it is at the same place as in the message, so the library finds the same
// payloads, says the same of them and of those that fail; what it makes of the
// excerpt is put back into the message. That costs a fraction of writing and
// reading all of the message.
type excerpt struct {
	wire   []byte
	steps  []step
	leaves []leaf
}

// A step is one field of an excerpt, in the order in which they are written. The
// answer has the same steps.
type step struct {
	tag  uint64
	kind stepKind
}

type stepKind uint8

const (
	stepInto stepKind = iota // a message, whose fields are the next steps
	stepOver                 // the key of a map's entry
	stepLeaf                 // what the library may change
)

// A leaf is a payload, or a message that is in the excerpt whole.
type leaf struct {
	element **commonpb.Payload   // of a Payloads
	owner   protoreflect.Message // or a field of a message: one of it, of its list, of its map
	field   protoreflect.FieldDescriptor
	index   int
	key     protoreflect.MapKey
	kind    protoreflect.MessageType // of what is there
}

// errNoExcerpt says that the message has to be handed over whole.
var errNoExcerpt = errors.New("tdc: no excerpt")

// newExcerpt is the excerpt of a message that has size bytes.
func newExcerpt(m protoreflect.Message, size int) (*excerpt, error) {
	p := planOf(m.Descriptor())
	if p == nil || !m.IsValid() || len(m.GetUnknown()) > 0 {
		return nil, errNoExcerpt
	}
	e := &excerpt{wire: allocate(size + spare)[:0]}
	return e, e.contents(p, m)
}

// spare is more than what stays reserved for lengths while messages are open.
const spare = 128

// contents writes what belongs to the excerpt of m.
func (e *excerpt) contents(p *plan, m protoreflect.Message) error {
	if p.shape == shapeList {
		return e.list(m)
	}
	for i := range p.fields {
		f := &p.fields[i]
		if f.oneof != nil {
			set := m.WhichOneof(f.oneof)
			if set == nil {
				continue
			}
			member, ok := f.members[set.Number()]
			if !ok {
				continue
			}
			f = &member
		} else if !m.Has(f.field) {
			continue
		}
		if err := e.field(f, m); err != nil {
			return err
		}
	}
	return nil
}

// field writes a field that m has.
func (e *excerpt) field(f *plannedField, m protoreflect.Message) error {
	tag := protowire.EncodeTag(f.field.Number(), protowire.BytesType)
	value := m.Get(f.field)
	switch {
	case f.field.IsList():
		list := value.List()
		for i := range list.Len() {
			if err := e.value(tag, f.plan, list.Get(i).Message(), leaf{owner: m, field: f.field, index: i}); err != nil {
				return err
			}
		}
		return nil
	case f.field.IsMap():
		return e.entries(tag, f, m, value.Map())
	}
	return e.value(tag, f.plan, value.Message(), leaf{owner: m, field: f.field})
}

// entries writes a map in the order of its keys.
func (e *excerpt) entries(tag uint64, f *plannedField, m protoreflect.Message, entries protoreflect.Map) error {
	var few [4]string
	keys := few[:0]
	entries.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key.String())
		return true
	})
	slices.Sort(keys)
	for _, text := range keys {
		key := protoreflect.ValueOfString(text).MapKey()
		at := e.open(tag)
		e.over(text)
		if err := e.value(tagValue, f.plan, entries.Get(key).Message(), leaf{owner: m, field: f.field, key: key}); err != nil {
			return err
		}
		e.close(at)
	}
	return nil
}

// value writes a message that is at l.
func (e *excerpt) value(tag uint64, p *plan, m protoreflect.Message, l leaf) error {
	if !m.IsValid() {
		return errNoExcerpt // nil in a list: nothing can be put there
	}
	// The library may know fields that this program does not.
	if (p.shape == shapeFields || p.shape == shapeList) && len(m.GetUnknown()) == 0 {
		at := e.open(tag)
		if err := e.contents(p, m); err != nil {
			return err
		}
		e.close(at)
		return nil
	}
	l.kind = m.Type()
	at := e.leaf(tag, l)
	if payload, ok := m.Interface().(*commonpb.Payload); ok {
		if err := e.payload(payload); err != nil {
			return err
		}
	} else if err := e.whole(m.Interface()); err != nil {
		return err
	}
	e.close(at)
	return nil
}

// list writes the payloads of a Payloads.
func (e *excerpt) list(m protoreflect.Message) error {
	list, ok := m.Interface().(*commonpb.Payloads)
	if !ok {
		return errNoExcerpt
	}
	for i, payload := range list.Payloads {
		if payload == nil {
			return errNoExcerpt
		}
		at := e.leaf(tagPayload, leaf{element: &list.Payloads[i]})
		if err := e.payload(payload); err != nil {
			return err
		}
		e.close(at)
	}
	return nil
}

func (e *excerpt) payload(p *commonpb.Payload) error {
	start := len(e.wire)
	head, ok := appendHead(e.wire, p)
	if !ok {
		e.wire = e.wire[:start]
		return e.whole(p)
	}
	e.wire = append(head, p.Data...)
	return nil
}

func (e *excerpt) whole(m proto.Message) error {
	wire, err := (proto.MarshalOptions{Deterministic: true}).MarshalAppend(e.wire, m)
	if err != nil {
		return newError(ErrProtobuf, -1, err.Error())
	}
	e.wire = wire
	return nil
}

// reserved is the room for a length that is not known yet, enough for 2 MiB.
const reserved = 3

// open begins a message; close ends it.
func (e *excerpt) open(tag uint64) int {
	e.steps = append(e.steps, step{tag, stepInto})
	return e.begin(tag)
}

func (e *excerpt) leaf(tag uint64, l leaf) int {
	e.steps = append(e.steps, step{tag, stepLeaf})
	e.leaves = append(e.leaves, l)
	return e.begin(tag)
}

func (e *excerpt) begin(tag uint64) int {
	e.wire = append(protowire.AppendVarint(e.wire, tag), make([]byte, reserved)...)
	return len(e.wire)
}

// close puts the length of what was written since start in front of it, in as many
// bytes as package proto would take.
func (e *excerpt) close(start int) {
	length := uint64(len(e.wire) - start)
	if needed := protowire.SizeVarint(length); needed > reserved {
		e.wire = slices.Insert(e.wire, start, make([]byte, needed-reserved)...)
	} else if needed < reserved {
		end := start - reserved + needed
		copy(e.wire[end:], e.wire[start:])
		e.wire = e.wire[:end+int(length)]
	}
	protowire.AppendVarint(e.wire[:start-reserved], length)
}

// over writes the key of a map's entry.
func (e *excerpt) over(key string) {
	e.steps = append(e.steps, step{tagKey, stepOver})
	e.wire = protowire.AppendString(append(e.wire, tagKey), key)
}

// putBack changes the message to what the library made of its excerpt: all of it or
// nothing.
func (e *excerpt) putBack(answer []byte) error {
	changes, err := e.changes(answer)
	if err != nil {
		return err
	}
	for _, c := range changes {
		c.leaf.put(c.to)
	}
	return nil
}

// A change is what becomes of a leaf.
type change struct {
	leaf *leaf
	to   proto.Message
}

func (e *excerpt) changes(answer []byte) ([]change, error) {
	before, after := stepper{e.wire}, stepper{answer}
	changes := make([]change, 0, len(e.leaves))
	next := 0
	for _, s := range e.steps {
		old, ok := before.step(s)
		if !ok {
			return nil, errNoAnswer()
		}
		changed, ok := after.step(s)
		if !ok {
			return nil, errNoAnswer()
		}
		if s.kind != stepLeaf {
			continue
		}
		l := &e.leaves[next]
		next++
		if bytes.Equal(old, changed) {
			continue
		}
		to, err := l.read(changed)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{l, to})
	}
	if len(after.rest) != 0 {
		return nil, errNoAnswer()
	}
	return changes, nil
}

func errNoAnswer() error {
	return newError(ErrProtobuf, -1, "the answer is not what was asked for")
}

// read is the message that becomes of l.
func (l *leaf) read(wire []byte) (proto.Message, error) {
	if l.element != nil {
		p := new(commonpb.Payload)
		return p, unmarshalPayload(wire, p, -1)
	}
	m := l.kind.New().Interface()
	if p, ok := m.(*commonpb.Payload); ok {
		return p, unmarshalPayload(wire, p, -1)
	}
	if err := proto.Unmarshal(wire, m); err != nil {
		return nil, newError(ErrProtobuf, -1, err.Error())
	}
	return m, nil
}

func (l *leaf) put(m proto.Message) {
	if l.element != nil {
		*l.element = m.(*commonpb.Payload)
		return
	}
	value := protoreflect.ValueOfMessage(m.ProtoReflect())
	switch {
	case l.field.IsList():
		l.owner.Mutable(l.field).List().Set(l.index, value)
	case l.field.IsMap():
		l.owner.Mutable(l.field).Map().Set(l.key, value)
	default:
		l.owner.Set(l.field, value)
	}
}

// A stepper reads an excerpt, or the answer to it.
type stepper struct{ rest []byte }

// step is the contents of the next field, except for a message that is stepped into.
func (f *stepper) step(s step) ([]byte, bool) {
	tag, n := protowire.ConsumeVarint(f.rest)
	if n < 0 || tag != s.tag {
		return nil, false
	}
	f.rest = f.rest[n:]
	if s.kind == stepInto {
		_, n := protowire.ConsumeVarint(f.rest)
		if n < 0 {
			return nil, false
		}
		f.rest = f.rest[n:]
		return nil, true
	}
	field, rest, ok := readBytes(f.rest)
	f.rest = rest
	return field, ok
}
