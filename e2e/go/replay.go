package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	exportpb "go.temporal.io/api/export/v1"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// replay hands histories to the SDK's own replayer, with its default data converter or, where a
// configuration is given, with tdc's. It prints for each file what went wrong, or nothing, as JSON.
func replay(config string, files []string) error {
	var options worker.WorkflowReplayerOptions
	if config != "" {
		t, err := tdc.Open(config)
		if err != nil {
			return err
		}
		defer t.Close()
		options.DataConverter, options.FailureConverter = t.DataConverter(), t.FailureConverter()
	}
	answers := map[string]string{}
	for _, file := range files {
		replayer, err := worker.NewWorkflowReplayerWithOptions(options)
		if err != nil {
			return err
		}
		for _, definition := range workflows {
			replayer.RegisterWorkflow(definition)
		}
		answers[filepath.Base(file)] = ""
		if err := replayOne(replayer, file); err != nil {
			answers[filepath.Base(file)] = err.Error()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func replayOne(replayer worker.WorkflowReplayer, file string) error {
	if !strings.Contains(filepath.Base(file), ".export.") {
		return replayer.ReplayWorkflowHistoryFromJSONFile(nil, file)
	}
	contents, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	export := new(exportpb.WorkflowExecutions)
	if strings.HasSuffix(file, ".json") {
		err = protojson.Unmarshal(contents, export)
	} else {
		err = proto.Unmarshal(contents, export)
	}
	if err != nil {
		return err
	}
	if len(export.Items) == 0 {
		return fmt.Errorf("%s is empty", file)
	}
	for _, item := range export.Items {
		if err := replayer.ReplayWorkflowHistory(nil, item.History); err != nil {
			return err
		}
	}
	return nil
}

// help runs "sites-worker ADDRESS CONFIG QUEUE",
// "relay-worker ADDRESS CONFIG s3|gcs ENDPOINT BUCKET wrapped|bare QUEUE", "replay CONFIG FILE...",
// CONFIG being - for none, and "read-failure ADDRESS CONFIG WORKFLOW".
func help(command string, arguments []string) error {
	switch {
	case command == "sites-worker" && len(arguments) == 3:
		return serveSites(arguments[0], arguments[1], arguments[2])
	case command == "relay-worker" && len(arguments) == 7:
		a := arguments
		return serveRelay(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
	case command == "replay" && len(arguments) > 1:
		return replay(strings.TrimPrefix(arguments[0], "-"), arguments[1:])
	case command == "read-failure" && len(arguments) == 3:
		return readFailure(arguments[0], arguments[1], arguments[2])
	}
	return fmt.Errorf("unknown command %q", command)
}
