package tdc

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
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

// A place is where a message is: a field, an element of a list, or an entry of a map.
type place struct {
	slot    reflect.Value // where a pointer to it is; not valid for an entry of a map
	entries reflect.Value // the map
	key     reflect.Value
	kind    reflect.Type  // what is there
	result  reflect.Value // what becomes of it; not valid if it stays
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

// of builds the excerpt of message.
func (e *excerpt) of(message proto.Message) error {
	p := planOf(message)
	if p == nil {
		return errNoExcerpt
	}
	pointer := reflect.ValueOf(message)
	if pointer.IsNil() || p.hasUnknown(pointer.Elem()) {
		return errNoExcerpt
	}
	return e.contents(p, pointer.Elem())
}

// contents writes the parts of a message, given as its struct, that belong to the excerpt.
func (e *excerpt) contents(p *plan, message reflect.Value) error {
	if p.shape == shapeList {
		return e.list(message.Addr().Interface().(*commonpb.Payloads))
	}
	for i := range p.fields {
		f := &p.fields[i]
		field := message.Field(f.index)
		if f.members != nil {
			if f, field = f.member(field); f == nil {
				continue
			}
		}
		if err := e.field(f, field); err != nil {
			return err
		}
	}
	return nil
}

// field writes a field, if it is set.
func (e *excerpt) field(f *plannedField, field reflect.Value) error {
	switch field.Kind() {
	case reflect.Slice:
		for i := range field.Len() {
			element := field.Index(i)
			if err := e.value(f.tag, f.plan, element, place{slot: element}); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return e.entries(f, field)
	}
	if field.IsNil() && !f.isMember {
		return nil
	}
	return e.value(f.tag, f.plan, field, place{slot: field})
}

// entries writes a map in the order of its keys.
func (e *excerpt) entries(f *plannedField, entries reflect.Value) error {
	keys := entries.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		at := e.begin(f.tag, stepInto)
		e.steps = append(e.steps, tagKey<<2|stepOver)
		e.wire = protowire.AppendString(append(e.wire, tagKey), key.String())
		if err := e.value(tagValue, f.plan, entries.MapIndex(key), place{entries: entries, key: key}); err != nil {
			return err
		}
		e.end(at)
	}
	return nil
}

// value writes the message that pointer points to, which is at a place.
func (e *excerpt) value(tag uint64, p *plan, pointer reflect.Value, at place) error {
	if pointer.IsNil() {
		return errNoExcerpt // nil in a list: nothing can be put there
	}
	// The library may know fields that this program does not know.
	if (p.shape == shapeFields || p.shape == shapeList) && !p.hasUnknown(pointer.Elem()) {
		start := e.begin(tag, stepInto)
		if err := e.contents(p, pointer.Elem()); err != nil {
			return err
		}
		e.end(start)
		return nil
	}
	start := e.begin(tag, stepLeaf)
	kept := at // only what is kept is allocated
	kept.kind = p.message
	e.leaves = append(e.leaves, leaf{place: &kept})
	var err error
	switch message := pointer.Interface().(type) {
	case *commonpb.Payload:
		err = e.payload(message)
	case proto.Message:
		err = e.whole(message)
	}
	e.end(start)
	return err
}

// list writes the payloads of a Payloads.
func (e *excerpt) list(list *commonpb.Payloads) error {
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

// reserved is the room for a length that is not yet known, enough for 16 KiB: nearly always exactly
// what it needs, so that nothing has to be moved.
const reserved = 2

// begin begins a message, which end ends.
func (e *excerpt) begin(tag uint64, kind step) int {
	if cap(e.wire)-len(e.wire) < 1<<10 {
		e.wire = slices.Grow(e.wire, max(len(e.wire), 4<<10)) // twice as much: append would take a quarter more
	}
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
