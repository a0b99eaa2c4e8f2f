//go:build cgo

package tdc

import (
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	querypb "go.temporal.io/api/query/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/anypb"
)

// Signals, updates and queries come from clients. What no operator can cure is
// the client's fault, and must not stop a workflow.

// garbage is arguments that no key opens.
func garbage(t *testing.T) map[string]*commonpb.Payloads {
	t.Helper()
	short := encrypted(t, "cut short")[0]
	short.Data = short.Data[:20]
	broken, err := parse(t, "version: 1\ncodecs: [zlib: { min_size: 1 }]\n").DataConverter().ToPayload(strings.Repeat("x", 1000))
	if err != nil {
		t.Fatal(err)
	}
	broken.Data = broken.Data[:len(broken.Data)-1]
	bomb, err := parse(t, "version: 1\ncodecs: [zstd: { min_size: 1 }]\n").DataConverter().ToPayload(strings.Repeat("x", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*commonpb.Payloads{
		"TDC_ERR_CIPHERTEXT": {Payloads: []*commonpb.Payload{short}},
		"TDC_ERR_COMPRESSED": {Payloads: []*commonpb.Payload{broken}},
		"TDC_ERR_LIMIT":      {Payloads: []*commonpb.Payload{bomb}},
	}
}

const limitedConfig = failuresConfig + "limits: { max_decoded_bytes: 64 KiB }\n"

func TestGarbageSignalIsDroppedAndTheWorkflowGoesOn(t *testing.T) {
	for code, input := range garbage(t) {
		events := append(signalled(input), signalled(&commonpb.Payloads{Payloads: encrypted(t, hidden)})...)
		f := &frontend{events: history(nil, events...), logger: new(lines)}
		serve(t, f, parse(t, limitedConfig), func(ctx workflow.Context) (s string, err error) {
			workflow.GetSignalChannel(ctx, "go").Receive(ctx, &s)
			return s, nil
		})
		if got := result(t, f.outcome(t).GetCommands()); got != hidden || len(f.failed) != 0 {
			t.Errorf("%s: got %q, failed tasks: %v", code, got, f.failed)
		}
		if dropped := f.logger.(*lines).with("Corrupted signal"); len(dropped) != 1 || !strings.Contains(dropped[0], code) {
			t.Errorf("%s: logged %q", code, dropped)
		}
	}
}

// update is the request for an update with these arguments.
func update(t *testing.T, id string, args *commonpb.Payloads) *protocolpb.Message {
	t.Helper()
	body, err := anypb.New(&updatepb.Request{
		Meta:  &updatepb.Meta{UpdateId: id},
		Input: &updatepb.Input{Name: "set", Args: args},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &protocolpb.Message{
		Id: id + "/request", ProtocolInstanceId: id, Body: body,
		SequencingId: &protocolpb.Message_EventId{EventId: 2},
	}
}

// updated gives back what the update "set" was called with.
func updated(ctx workflow.Context) (string, error) {
	var s string
	err := workflow.SetUpdateHandler(ctx, "set", func(_ workflow.Context, given string) (string, error) {
		s = given
		return given, nil
	})
	if err != nil {
		return "", err
	}
	return s, workflow.Await(ctx, func() bool { return s != "" })
}

// answers is how many updates were accepted and rejected.
func answers(t *testing.T, messages []*protocolpb.Message) (accepted, rejected int) {
	t.Helper()
	for _, message := range messages {
		body, err := message.GetBody().UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		switch body.(type) {
		case *updatepb.Acceptance:
			accepted++
		case *updatepb.Rejection:
			rejected++
		}
	}
	return accepted, rejected
}

func TestWrongKeyOfAnUpdateFailsTheTaskAndRejectsNothing(t *testing.T) {
	opened, cure := withWrongKey(t)
	f := &frontend{
		events:    history(nil),
		messages:  []*protocolpb.Message{update(t, "u", &commonpb.Payloads{Payloads: encrypted(t, hidden)})},
		onFailure: cure,
	}
	serve(t, f, opened, updated)
	completed := f.outcome(t)
	if accepted, rejected := answers(t, completed.GetMessages()); accepted != 1 || rejected != 0 || len(f.failed) != 1 {
		t.Errorf("%d accepted, %d rejected, failed tasks: %v", accepted, rejected, f.failed)
	}
	if got := result(t, completed.GetCommands()); got != hidden {
		t.Errorf("got %q", got)
	}
}

func TestGarbageUpdateIsRejectedAndTheWorkflowGoesOn(t *testing.T) {
	for code, args := range garbage(t) {
		f := &frontend{events: history(nil), messages: []*protocolpb.Message{
			update(t, "bad", args),
			update(t, "good", &commonpb.Payloads{Payloads: encrypted(t, hidden)}),
		}}
		serve(t, f, parse(t, limitedConfig), updated)
		completed := f.outcome(t)
		if accepted, rejected := answers(t, completed.GetMessages()); accepted != 1 || rejected != 1 || len(f.failed) != 0 {
			t.Errorf("%s: %d accepted, %d rejected, failed tasks: %v", code, accepted, rejected, f.failed)
		}
		if got := result(t, completed.GetCommands()); got != hidden {
			t.Errorf("%s: got %q", code, got)
		}
	}
}

// A query is answered with the error, and asked again once the key is right.
func TestWrongKeyOfAQueryIsTheQuerysError(t *testing.T) {
	opened, cure := withWrongKey(t)
	f := &frontend{
		events: idle(),
		query:  &querypb.WorkflowQuery{QueryType: "echo", QueryArgs: &commonpb.Payloads{Payloads: encrypted(t, hidden)}},
	}
	serve(t, f, opened, func(ctx workflow.Context) error {
		err := workflow.SetQueryHandler(ctx, "echo", func(s string) (string, error) { return s, nil })
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return err
	})
	answer := f.answer(t)
	if answer.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_FAILED || !strings.Contains(answer.GetErrorMessage(), "TDC_ERR_AUTHENTICATION") {
		t.Errorf("got %v", answer)
	}
	cure()
	f.tasks <- f.attempt.Add(1)
	answer = f.answer(t)
	var got string
	if err := parse(t, failuresConfig).DataConverter().FromPayloads(answer.GetQueryResult(), &got); err != nil || got != hidden {
		t.Errorf("got %q, %v: %v", got, err, answer)
	}
	if len(f.failed) != 0 {
		t.Errorf("failed tasks: %v", f.failed)
	}
}

// Errors of encode that the workflow's own value causes are the workflow's.
func TestValueThatCannotBeEncodedIsTheWorkflowsOwnError(t *testing.T) {
	f := &frontend{events: history(nil)}
	serve(t, f, parse(t, canonicalList), func(workflow.Context) (any, error) { return &handmade{}, nil })
	if end := last(f.outcome(t).GetCommands()).GetCommandType(); end != enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION || len(f.failed) != 0 {
		t.Errorf("got %v, failed tasks: %v", end, f.failed)
	}
}
