// Command starter starts a greeting workflow with encrypted payloads, and waits
// for its result.
package main

import (
	"context"
	"log"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/bindings/go/example/greeting"
	"go.temporal.io/sdk/client"
)

func main() {
	t, err := tdc.Open("tdc.yaml")
	if err != nil {
		log.Fatalln("Unable to open the configuration:", err)
	}
	defer t.Close()

	c, err := client.Dial(client.Options{
		DataConverter:    t.DataConverter(),
		FailureConverter: t.FailureConverter(),
	})
	if err != nil {
		log.Fatalln("Unable to create client:", err)
	}
	defer c.Close()

	ctx := context.Background()
	options := client.StartWorkflowOptions{TaskQueue: greeting.TaskQueue}
	run, err := c.ExecuteWorkflow(ctx, options, greeting.Workflow, "Ada")
	if err != nil {
		log.Fatalln("Unable to start the workflow:", err)
	}
	log.Println("Started workflow", run.GetID())

	var result string
	if err := run.Get(ctx, &result); err != nil {
		log.Fatalln("Unable to get the workflow's result:", err)
	}
	log.Println(result)
}
