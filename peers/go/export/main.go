// Command export decodes an export of Temporal Cloud as a Go program does
// without tdc: with the SDK's messages, the payload visitor of Temporal's API
// and the sample's codec.
package main

import (
	"context"
	"fmt"
	"os"

	commonpb "go.temporal.io/api/common/v1"
	exportpb "go.temporal.io/api/export/v1"
	"go.temporal.io/api/proxy"
	"google.golang.org/protobuf/proto"

	"github.com/temporal-data-converter/tdc/peers/go/peer"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: export INPUT OUTPUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "export:", err)
		os.Exit(1)
	}
}

func run(input, output string) error {
	encoded, err := os.ReadFile(input)
	if err != nil {
		return err
	}
	var export exportpb.WorkflowExecutions
	if err := proto.Unmarshal(encoded, &export); err != nil {
		return err
	}
	// The key and its id are those of scripts/bench-export.
	sample := &peer.Sample{KeyID: "test-key-id", Key: []byte("test-key-test-key-test-key-test!")}
	options := proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return sample.Decode(payloads)
		},
		SkipSearchAttributes: true,
	}
	for _, item := range export.Items {
		if err := proxy.VisitPayloads(context.Background(), item.History, options); err != nil {
			return err
		}
	}
	decoded, err := proto.Marshal(&export)
	if err != nil {
		return err
	}
	return os.WriteFile(output, decoded, 0o600)
}
