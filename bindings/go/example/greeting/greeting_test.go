package greeting_test

import (
	"testing"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/bindings/go/example/greeting"
	"go.temporal.io/sdk/testsuite"
)

const config = `version: 1
keys: { primary: test, ring: { test: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
`

func TestWorkflow(t *testing.T) {
	opened, err := tdc.Parse([]byte(config), ".")
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetDataConverter(opened.DataConverter())
	env.SetFailureConverter(opened.FailureConverter())
	env.RegisterActivity(greeting.Activity)
	env.ExecuteWorkflow(greeting.Workflow, "Ada")
	var got string
	if err := env.GetWorkflowResult(&got); err != nil || got != "Hello, Ada!" {
		t.Errorf("got %q, %v", got, err)
	}
}
