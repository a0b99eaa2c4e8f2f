// Command roundtrip encodes a text into a file of payloads as JSON, or prints
// the text that such a file holds:
//
//	roundtrip encode|decode CONFIG FILE [TEXT]
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/temporal-data-converter/tdc/bindings/go"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal(err)
	}
}

func run(operation, config, file string, texts []string) error {
	t, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer t.Close()
	if operation == "encode" {
		payloads, err := t.DataConverter().ToPayloads(texts[0])
		if err != nil {
			return err
		}
		json, err := protojson.Marshal(payloads)
		if err != nil {
			return err
		}
		return os.WriteFile(file, json, 0o600)
	}
	json, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var payloads commonpb.Payloads
	if err := protojson.Unmarshal(json, &payloads); err != nil {
		return err
	}
	var text string
	if err := t.DataConverter().FromPayloads(&payloads, &text); err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}
