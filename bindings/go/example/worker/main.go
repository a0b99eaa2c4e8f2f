// Command worker runs the greeting workflow with encrypted payloads.
package main

import (
	"log"
	"log/slog"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/bindings/go/example/greeting"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
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
		// Logs a task that fails because a key is missing in one line, without a stack trace.
		Logger: tdc.Logger(sdklog.NewStructuredLogger(slog.Default())),
	})
	if err != nil {
		log.Fatalln("Unable to create client:", err)
	}
	defer c.Close()

	w := worker.New(c, greeting.TaskQueue, worker.Options{})
	w.RegisterWorkflow(greeting.Workflow)
	w.RegisterActivity(greeting.Activity)
	if err := w.Run(worker.InterruptCh()); err != nil {
		log.Println("Unable to run worker:", err)
	}
}
