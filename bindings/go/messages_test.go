//go:build cgo

package tdc

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func secret(what string) *commonpb.Payload { return jsonPayload(`"secret ` + what + `"`) }

func secrets(what string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{secret(what)}}
}

// nested is a history with payloads in nested places.
func nested() *historypb.History {
	return &historypb.History{Events: []*historypb.HistoryEvent{
		{
			EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					Input:            secrets("input"),
					Memo:             &commonpb.Memo{Fields: map[string]*commonpb.Payload{"memo": secret("memo")}},
					Header:           &commonpb.Header{Fields: map[string]*commonpb.Payload{"trace": jsonPayload(`"header"`)}},
					SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{"City": jsonPayload(`"Oslo"`)}},
				},
			},
		},
		{
			EventId: 2, EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
				ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
					Failure: &failurepb.Failure{
						Message: "secret message",
						Cause: &failurepb.Failure{
							Message: "secret cause", StackTrace: "secret stack",
							FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
								ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Details: secrets("details")},
							},
						},
					},
				},
			},
		},
		{
			EventId: 3, EventType: enumspb.EVENT_TYPE_MARKER_RECORDED,
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
					MarkerName: "SideEffect", Details: map[string]*commonpb.Payloads{"data": secrets("marker")},
				},
			},
		},
	}}
}

func TestHistoriesAreEncodedAndDecodedWhole(t *testing.T) {
	opened := parse(t, failuresConfig)
	history := nested()
	history.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 1000, protowire.VarintType), 7))
	want := proto.Clone(history)
	if err := opened.EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	text := history.String()
	if strings.Contains(text, "secret") {
		t.Errorf("readable: %s", text)
	}
	if !strings.Contains(text, "Oslo") || !strings.Contains(text, `\"header\"`) {
		t.Errorf("search attributes or headers were touched: %s", text)
	}
	if err := opened.DecodeMessage(history); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(history, want) {
		t.Errorf("got %v", history)
	}
}

func TestRequestsAndHeaders(t *testing.T) {
	opened := parse(t, encryptConfig)
	request := &workflowservice.RespondWorkflowTaskCompletedRequest{Commands: []*commandpb.Command{{
		CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				Input:  secrets("input"),
				Header: &commonpb.Header{Fields: map[string]*commonpb.Payload{"trace": secret("header")}},
			},
		},
	}}}
	want := proto.Clone(request)
	if err := opened.EncodeMessage(request, WithHeaders()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(request.String(), "secret") {
		t.Errorf("readable: %v", request)
	}
	if err := opened.DecodeMessage(request); err != nil || !proto.Equal(request, want) {
		t.Errorf("got %v, %v", err, request)
	}
}

func TestMessageThatFailsStaysAsItWas(t *testing.T) {
	history := nested()
	if err := parse(t, failuresConfig).EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	marker := history.Events[2].GetMarkerRecordedEventAttributes().GetDetails()["data"].Payloads[0]
	marker.Data[20] ^= 1
	before := proto.Clone(history)
	err := parse(t, failuresConfig).DecodeMessage(history)
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrAuthentication || !strings.Contains(e.Message, "events") {
		t.Errorf("got %v", err)
	}
	if !proto.Equal(before, history) {
		t.Error("the message was changed")
	}
}

func TestForeignMessageIsAnError(t *testing.T) {
	_, err := parse(t, encryptConfig).handle.native.message(decode, nil, nil, "shop.v1.Order", false, nil)
	if err == nil || err.Code != ErrType || !strings.Contains(err.Message, "shop.v1.Order") {
		t.Errorf("got %+v", err)
	}
	// A well-known type is known, and has no payload.
	value := wrapperspb.String("x")
	if err := parse(t, encryptConfig).DecodeMessage(value); err != nil || value.GetValue() != "x" {
		t.Errorf("got %v, %v", value, err)
	}
}

func TestMessagesAskForKeysAndNamespaces(t *testing.T) {
	type mark struct{}
	provider := provider(func(ctx context.Context, id string) ([]byte, error) {
		if ctx.Value(mark{}) == nil {
			t.Error("got another context")
		}
		return knows(testKeyID, testKey).Key(ctx, id)
	})
	history, want := nested(), nested()
	if err := parse(t, encryptConfig).EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	opened := parse(t, hostConfig, WithKeyProvider(provider))
	if err := opened.DecodeMessage(history, WithContext(context.WithValue(t.Context(), mark{}, true))); err != nil || !proto.Equal(history, want) {
		t.Errorf("got %v", err)
	}
	byNamespace := parse(t, contextConfig)
	if err := byNamespace.EncodeMessage(history); !errors.Is(err, ErrNamespace) {
		t.Errorf("got %v", err)
	}
	in := WithSerializationContext(converter.WorkflowSerializationContext{Namespace: "orders"})
	if err := byNamespace.EncodeMessage(history, in); err != nil || strings.Contains(history.String(), "secret") {
		t.Errorf("got %v, %v", err, history)
	}
}

func TestExportedHistoriesKeepTheirForm(t *testing.T) {
	opened := parse(t, failuresConfig)
	history, want := nested(), nested()
	if err := opened.EncodeMessage(history); err != nil {
		t.Fatal(err)
	}
	exported, err := protojson.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := opened.DecodeHistory(exported)
	if err != nil {
		t.Fatal(err)
	}
	got := new(historypb.History)
	if err := protojson.Unmarshal(decoded, got); err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %s", err, decoded)
	}
	again, err := opened.DecodeHistory(decoded)
	if err != nil || !bytes.Equal(again, decoded) {
		t.Errorf("what is decoded changes: %v, %s", err, again)
	}
	if _, err := opened.DecodeHistory([]byte(`{"orders":[]}`)); !errors.Is(err, ErrType) {
		t.Errorf("got %v", err)
	}
}
