// Command worker is the Go worker of the end-to-end test. It serves four task queues in one
// process: "go" with the shared tdc.yaml, "go-tampering" with the same and a codec that spoils what
// activities are given, and "go-slow" and "go-flaky" with a configuration whose keys come from a
// key provider that is slow or fails twice.
//
// It speaks a line protocol with the test: it says "e2e: ready" once it polls; "reload" on standard
// input is answered by "e2e: reloaded"; the end of standard input stops it, so that no worker
// outlives the test. With "sites-worker", "replay" or "read-failure" as its first argument it does
// something else: see help.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// workflows are all that this worker has.
var workflows = []any{Order, RefusedOrder, Ledger, Echo, Poisoned, Ticket, Parcel}

func main() {
	if len(os.Args) > 2 && !strings.HasPrefix(os.Args[1], "-") {
		if err := help(os.Args[1], os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	address := flag.String("address", "", "host and port of the Temporal server")
	config := flag.String("config", "", "the tdc.yaml that all workers share")
	hostConfig := flag.String("host-config", "", "the tdc.yaml whose keys come from the host")
	vault := flag.String("vault", "", "folder of the keys that the key providers hand out")
	flag.Parse()
	if err := run(*address, *config, *hostConfig, *vault); err != nil {
		log.Fatal(err)
	}
}

func run(address, config, hostConfig, vault string) error {
	shared, err := tdc.Open(config)
	if err != nil {
		return err
	}
	defer shared.Close()
	spoiled := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), tampering{shared.PayloadCodec(), false})
	for queue, values := range map[string]converter.DataConverter{
		"go":           shared.DataConverter(),
		"go-tampering": spoiled,
	} {
		stop, err := serve(address, queue, values, shared.FailureConverter())
		if err != nil {
			return err
		}
		defer stop()
	}
	for queue, provider := range map[string]tdc.KeyProvider{
		"go-slow":  slowProvider(vault),
		"go-flaky": flakyProvider(vault),
	} {
		t, err := tdc.Open(hostConfig, tdc.WithKeyProvider(provider))
		if err != nil {
			return err
		}
		defer t.Close()
		stop, err := serve(address, queue, t.DataConverter(), t.FailureConverter())
		if err != nil {
			return err
		}
		defer stop()
	}

	return obey(shared)
}

// obey speaks the line protocol until standard input ends.
func obey(t *tdc.Tdc) error {
	fmt.Println("e2e: ready")
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		if command := commands.Text(); command != "reload" {
			return fmt.Errorf("unknown command %q", command)
		}
		if err := t.Reload(); err != nil {
			return err
		}
		fmt.Println("e2e: reloaded")
	}
	return commands.Err()
}

// serve starts a worker for one task queue and returns what stops it.
func serve(
	address, queue string, values converter.DataConverter, failures converter.FailureConverter,
) (func(), error) {
	c, err := client.Dial(client.Options{HostPort: address, DataConverter: values, FailureConverter: failures})
	if err != nil {
		return nil, err
	}
	w := worker.New(c, queue, worker.Options{})
	for _, definition := range workflows {
		w.RegisterWorkflow(definition)
	}
	if err := w.Start(); err != nil {
		c.Close()
		return nil, err
	}
	return func() {
		w.Stop()
		c.Close()
	}, nil
}
