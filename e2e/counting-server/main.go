// The counting server is a Temporal server newer than the one that the
// temporal command carries: from 1.30.0 on a server counts the external
// payloads of a history. It prints its address and ends with its standard
// input.
package main

import (
	"fmt"
	"io"
	"os"

	"go.temporal.io/server/temporaltest"
)

func main() {
	server := temporaltest.NewServer()
	defer server.Stop()
	fmt.Printf("%s %s\n", server.GetFrontendHostPort(), server.GetDefaultNamespace())
	_, _ = io.Copy(io.Discard, os.Stdin)
}
