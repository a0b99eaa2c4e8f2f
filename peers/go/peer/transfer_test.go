package peer

import (
	"errors"
	"strings"
	"testing"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// Here, and not in the binding's own tests, because only SDKs from 1.50 on have
// transfer types, and the binding works with older ones.

// money is stored as another type, by the SDK's transfer types.
type money struct{ cents int }

type storedMoney struct{ Cents int }

func (money) TransferTypeConverter() (converter.TransferTypeConverter, error) {
	return converter.NewTransferTypeConverter(
		func(m *money) (*storedMoney, error) { return &storedMoney{m.cents}, nil },
		func(s *storedMoney, m *money) error { m.cents = s.Cents; return nil },
	)
}

func double(_ workflow.Context, m money) (money, error) { return money{m.cents * 2}, nil }

func TestTransferTypesWorkInWorkflows(t *testing.T) {
	for _, list := range []string{"[null, bytes, json-protobuf, json]", "[null, bytes, json-protobuf, msgpack, json]"} {
		opened, err := tdc.Parse([]byte("version: 1\nconverters: "+list+"\n"), ".")
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetDataConverter(opened.DataConverter())
		env.SetFailureConverter(opened.FailureConverter())
		env.ExecuteWorkflow(double, money{7})
		var got money
		if err := env.GetWorkflowResult(&got); err != nil || got.cents != 14 {
			t.Errorf("%s: got %v, %v", list, got, err)
		}
	}
}

// Only the SDK can apply a transfer type. A value that skips it must not be
// stored without its fields.
func TestTransferTypeOutsideOfTheSDKIsAnError(t *testing.T) {
	opened, err := tdc.Parse([]byte("version: 1\nconverters: [null, bytes, json-protobuf, msgpack, json]\n"), ".")
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	dc := opened.DataConverter()
	if _, err := dc.ToPayload(money{7}); !errors.Is(err, converter.ErrUnableToEncode) || !strings.Contains(err.Error(), "transfer type") {
		t.Errorf("got %v", err)
	}
	payload, err := dc.ToPayload(storedMoney{7})
	if err != nil {
		t.Fatal(err)
	}
	if err := dc.FromPayload(payload, new(money)); !errors.Is(err, converter.ErrUnableToDecode) || !strings.Contains(err.Error(), "transfer type") {
		t.Errorf("got %v", err)
	}
}
