package tdc

import (
	"bytes"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// putBack applies the library's result for the excerpt to the message: all of it or nothing.
func (e *excerpt) putBack(answer []byte) error {
	if err := e.read(answer); err != nil {
		return err
	}
	for i := range e.leaves {
		e.leaves[i].put()
	}
	return nil
}

// read reads the new value of each leaf.
func (e *excerpt) read(answer []byte) error {
	before, after := stepper{e.wire}, stepper{answer}
	var made slab
	next := 0
	for _, s := range e.steps {
		old, ok := before.step(s)
		if !ok {
			return errNoAnswer()
		}
		wire, ok := after.step(s)
		if !ok {
			return errNoAnswer()
		}
		if s&stepKind != stepLeaf {
			continue
		}
		l := &e.leaves[next]
		next++
		if bytes.Equal(old, wire) {
			continue
		}
		if err := l.read(wire, &made); err != nil {
			return err
		}
	}
	if len(after.rest) != 0 {
		return errNoAnswer()
	}
	return nil
}

func errNoAnswer() error {
	return newError(ErrProtobuf, -1, "the answer has other fields than the message")
}

// read is the new message for l.
func (l *leaf) read(wire []byte, made *slab) error {
	if l.element != nil {
		l.payload = made.next()
		return unmarshalPayload(wire, l.payload, -1)
	}
	result := reflect.New(l.place.kind)
	l.place.result = result
	if p, ok := result.Interface().(*commonpb.Payload); ok {
		return unmarshalPayload(wire, p, -1)
	}
	if err := proto.Unmarshal(wire, result.Interface().(proto.Message)); err != nil {
		return newError(ErrProtobuf, -1, err.Error())
	}
	return nil
}

// put replaces l with its new value.
func (l *leaf) put() {
	switch p := l.place; {
	case p == nil:
		if l.payload != nil {
			*l.element = l.payload
		}
	case !p.result.IsValid():
	case p.slot.IsValid():
		p.slot.Set(p.result)
	default:
		p.entries.SetMapIndex(p.key, p.result)
	}
}

// A slab has memory for a few payloads at a time, so that a payload that is kept does not keep many
// others alive.
type slab struct{ payloads []commonpb.Payload }

func (s *slab) next() *commonpb.Payload {
	if len(s.payloads) == 0 {
		s.payloads = make([]commonpb.Payload, 8)
	}
	p := &s.payloads[0]
	s.payloads = s.payloads[1:]
	return p
}

// A stepper reads an excerpt, or the result for it.
type stepper struct{ rest []byte }

// step is the contents of the next field, except for a message that is stepped into.
func (f *stepper) step(s step) ([]byte, bool) {
	tag, n := protowire.ConsumeVarint(f.rest)
	if n < 0 || tag != uint64(s>>2) {
		return nil, false
	}
	f.rest = f.rest[n:]
	if s&stepKind == stepInto {
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
