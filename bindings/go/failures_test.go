//go:build cgo

package tdc

import (
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const failuresConfig = encryptConfig + "failures: { encode_common_attributes: true }\n"

func TestFailuresHideEveryTextOfTheChain(t *testing.T) {
	failures := parse(t, failuresConfig).FailureConverter()
	inner := temporal.NewApplicationError("inner secret", "Inner", "detail secret")
	outer := temporal.NewApplicationErrorWithCause("outer secret", "Outer", inner)
	failure := failures.ErrorToFailure(outer)
	for f := failure; f != nil; f = f.GetCause() {
		if f.GetMessage() != "Encoded failure" || f.GetStackTrace() != "" || f.GetEncodedAttributes() == nil {
			t.Errorf("got %v", f)
		}
	}
	if strings.Contains(failure.String(), "secret") {
		t.Errorf("readable: %v", failure)
	}
	before := proto.Clone(failure)
	back := failures.FailureToError(failure)
	if !proto.Equal(before, failure) {
		t.Error("what came in was changed")
	}
	var first *temporal.ApplicationError
	if !errors.As(back, &first) || first.Message() != "outer secret" {
		t.Fatalf("got %v", back)
	}
	var second *temporal.ApplicationError
	var detail string
	if !errors.As(errors.Unwrap(back), &second) || second.Message() != "inner secret" {
		t.Fatalf("got %v", errors.Unwrap(back))
	}
	if err := second.Details(&detail); err != nil || detail != "detail secret" {
		t.Errorf("got %q, %v", detail, err)
	}
}

// The SDK keeps the failure with the error; it must not leave in the clear when
// the error goes on, nor be encoded twice.
func TestAnErrorThatWasAFailureIsEncodedAgain(t *testing.T) {
	opened := parse(t, failuresConfig)
	failures := opened.FailureConverter()
	first := failures.ErrorToFailure(temporal.NewApplicationError("a secret", "Type", "detail secret"))
	again := failures.ErrorToFailure(failures.FailureToError(first))
	if strings.Contains(again.String(), "secret") || again.GetMessage() != "Encoded failure" {
		t.Errorf("got %v", again)
	}
	for _, f := range []*failurepb.Failure{first, again} {
		if err := opened.DecodeMessage(f); err != nil {
			t.Fatal(err)
		}
	}
	if !proto.Equal(first, again) || first.GetEncodedAttributes() != nil {
		t.Errorf("got %v and %v", first, again)
	}
}

func TestDecodingTextGoesByTheFailureAndNotByTheOption(t *testing.T) {
	failure := parse(t, failuresConfig).FailureConverter().ErrorToFailure(errors.New("a secret"))
	if err := parse(t, encryptConfig).FailureConverter().FailureToError(failure); !strings.HasPrefix(err.Error(), "a secret") {
		t.Errorf("got %v", err)
	}
}

// The SDK's own converter reads what ours writes, and vice versa.
func TestTheSDKsOwnFailureConverterAgrees(t *testing.T) {
	opened := parse(t, failuresConfig)
	sdk := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), opened.PayloadCodec()),
		EncodeCommonAttributes: true,
	})
	ours := opened.FailureConverter()
	for name, pair := range map[string][2]converter.FailureConverter{"ours to the SDK": {ours, sdk}, "the SDK's to ours": {sdk, ours}} {
		err := pair[1].FailureToError(pair[0].ErrorToFailure(temporal.NewApplicationError("grüße <&>", "Type", order{ID: "o-1"})))
		var back *temporal.ApplicationError
		var details order
		if !errors.As(err, &back) || back.Message() != "grüße <&>" || back.Details(&details) != nil || details.ID != "o-1" {
			t.Errorf("%s: got %v, %v", name, err, details)
		}
	}
}

func TestMalformedAttributesFollowTheConfig(t *testing.T) {
	text := jsonPayload(`"no object"`)
	forged := encodeAll(t, parse(t, encryptConfig).PayloadCodec(), jsonPayload(`{"message":"m"}`))[0]
	forged.Data[20] ^= 1
	tests := map[string]struct {
		attributes *commonpb.Payload
		code       Code
	}{
		"no object": {text, ErrFailure},
		"forged":    {forged, ErrAuthentication},
	}
	for name, test := range tests {
		failure := &failurepb.Failure{Message: "Encoded failure", EncodedAttributes: test.attributes}
		keep := parse(t, encryptConfig+"failures: { malformed: keep }\n").FailureConverter().FailureToError(failure)
		var e *Error
		if errors.As(keep, &e) || !strings.HasPrefix(keep.Error(), "Encoded failure") {
			t.Errorf("%s, keep: got %v", name, keep)
		}
		err := parse(t, encryptConfig+"failures: { malformed: error }\n").FailureConverter().FailureToError(failure)
		var application *temporal.ApplicationError
		if !errors.Is(err, test.code) || !errors.As(err, &application) {
			t.Errorf("%s, error: got %v", name, err)
		}
	}
}

func TestKeyThatIsNotHereIsNeverKept(t *testing.T) {
	failure := &failurepb.Failure{Message: "Encoded failure", EncodedAttributes: encodedBy(t, "other")}
	if err := parse(t, encryptConfig).FailureConverter().FailureToError(failure); !errors.Is(err, ErrKeyUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestFailureThatCannotBeEncodedPanicsAsTheSDKs(t *testing.T) {
	failures := parse(t, hostConfig).FailureConverter()
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ErrKeyProvider) {
			t.Errorf("got %v", err)
		}
	}()
	failures.ErrorToFailure(temporal.NewApplicationError("m", "Type", "secret"))
	t.Error("encoded without a key")
}

func TestTextOfAnErrorMayBeAnyBytes(t *testing.T) {
	failures := parse(t, failuresConfig).FailureConverter()
	err := failures.FailureToError(failures.ErrorToFailure(errors.New("caf\xe9")))
	if !strings.HasPrefix(err.Error(), "caf\uFFFD") {
		t.Errorf("got %q", err)
	}
	if failures.ErrorToFailure(nil) != nil || failures.FailureToError(nil) != nil {
		t.Error("nil is nil")
	}
}
