package tdc

import (
	"errors"
	"slices"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// An excerpt contains the serialised parts of a message in memory that lead to payloads. Everything
// in it has the same path as in the message, so the library finds the same payloads and reports the
// same errors; its result is put back into the message. That costs a fraction of writing and
// reading the whole message.
type excerpt struct {
	wire   []byte
	steps  []step
	leaves []leaf
}

// A step is a field of an excerpt: its tag, and what kind of step it is in the lowest bits. The
// result has the same steps.
type step uint64

const (
	stepInto step = iota // a message, whose fields are the next steps
	stepOver             // the key of a map's entry
	stepLeaf             // what the library may change
	stepKind = 3
)

// A leaf is a part that the library may change: a payload, or a message that is completely in the
// excerpt.
type leaf struct {
	element **commonpb.Payload // of a Payloads, as nearly always
	payload *commonpb.Payload  // what becomes of it; nil if it stays
	place   *place             // of any other leaf
}

// A place is the position of a message: in a field of another one, in a list or in a map.
type place struct {
	owner  protoreflect.Message
	field  protoreflect.FieldDescriptor
	index  int
	key    protoreflect.MapKey
	kind   protoreflect.MessageType // of what is there
	result protoreflect.Message     // what becomes of it; nil if it stays
}

// errNoExcerpt says that the whole message has to be passed to the library.
var errNoExcerpt = errors.New("tdc: no excerpt")

// Excerpts are reused, unless they are from unusually large messages.
var excerpts = sync.Pool{New: func() any { return new(excerpt) }}

const maxKept = 8 << 20 // bytes, and a sixteenth as many steps and leaves

func takeExcerpt() *excerpt { return excerpts.Get().(*excerpt) }

func (e *excerpt) giveBack() {
	clear(e.leaves) // nothing of the message is held
	if cap(e.wire) <= maxKept && cap(e.steps)+cap(e.leaves) <= maxKept/16 {
		*e = excerpt{e.wire[:0], e.steps[:0], e.leaves[:0]}
		excerpts.Put(e)
	}
}

// of builds the excerpt of m.
func (e *excerpt) of(m protoreflect.Message) error {
	p := planOf(m.Descriptor())
	if p == nil || !m.IsValid() || len(m.GetUnknown()) > 0 {
		return errNoExcerpt
	}
	return e.contents(p, m)
}

// contents writes the parts of m that belong to the excerpt.
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
			if f = f.members[set.Number()]; f == nil {
				continue
			}
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
	value := m.Get(f.field)
	switch {
	case f.isList:
		list := value.List()
		for i := range list.Len() {
			if err := e.value(f.tag, f.plan, list.Get(i).Message(), place{owner: m, field: f.field, index: i}); err != nil {
				return err
			}
		}
		return nil
	case f.isMap:
		return e.entries(f, m, value.Map())
	}
	return e.value(f.tag, f.plan, value.Message(), place{owner: m, field: f.field})
}

// entries writes a map in the order of its keys.
func (e *excerpt) entries(f *plannedField, m protoreflect.Message, entries protoreflect.Map) error {
	var few [4]string
	keys := few[:0]
	entries.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key.String())
		return true
	})
	slices.Sort(keys)
	for _, text := range keys {
		key := protoreflect.ValueOfString(text).MapKey()
		at := e.begin(f.tag, stepInto)
		e.steps = append(e.steps, tagKey<<2|stepOver)
		e.wire = protowire.AppendString(append(e.wire, tagKey), text)
		if err := e.value(tagValue, f.plan, entries.Get(key).Message(), place{owner: m, field: f.field, key: key}); err != nil {
			return err
		}
		e.end(at)
	}
	return nil
}

// value writes a message that is at a place.
func (e *excerpt) value(tag uint64, p *plan, m protoreflect.Message, at place) error {
	if !m.IsValid() {
		return errNoExcerpt // nil in a list: nothing can be put there
	}
	// The library may know fields that this program does not know.
	if (p.shape == shapeFields || p.shape == shapeList) && len(m.GetUnknown()) == 0 {
		start := e.begin(tag, stepInto)
		if err := e.contents(p, m); err != nil {
			return err
		}
		e.end(start)
		return nil
	}
	start := e.begin(tag, stepLeaf)
	e.leaves = append(e.leaves, leaf{place: &place{at.owner, at.field, at.index, at.key, m.Type(), nil}})
	var err error
	if payload, ok := m.Interface().(*commonpb.Payload); ok {
		err = e.payload(payload)
	} else {
		err = e.whole(m.Interface())
	}
	e.end(start)
	return err
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
		start := e.begin(tagPayload, stepLeaf)
		e.leaves = append(e.leaves, leaf{element: &list.Payloads[i]})
		if err := e.payload(payload); err != nil {
			return err
		}
		e.end(start)
	}
	return nil
}

func (e *excerpt) payload(p *commonpb.Payload) error {
	head, ok := appendHead(e.wire, p)
	if !ok {
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

// reserved is the room for a length that is not yet known, enough for 2 MiB.
const reserved = 3

// begin begins a message, which end ends.
func (e *excerpt) begin(tag uint64, kind step) int {
	e.steps = append(e.steps, step(tag)<<2|kind)
	e.wire = append(protowire.AppendVarint(e.wire, tag), make([]byte, reserved)...)
	return len(e.wire)
}

// end inserts the length of the bytes written since start before them.
func (e *excerpt) end(start int) {
	length := len(e.wire) - start
	needed := protowire.SizeVarint(uint64(length))
	if needed > reserved {
		e.wire = slices.Insert(e.wire, start, make([]byte, needed-reserved)...)
	} else if needed < reserved {
		shorter := start - reserved + needed
		copy(e.wire[shorter:], e.wire[start:])
		e.wire = e.wire[:shorter+length]
	}
	protowire.AppendVarint(e.wire[:start-reserved], uint64(length))
}
