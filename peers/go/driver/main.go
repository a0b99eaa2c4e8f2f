// Command driver sends payloads through a codec of Go's Temporal SDK, for the
// conformance matrix and the demo:
//
//	driver --codec tdc --config tdc.yaml encode|decode IN OUT
//	driver --codec sample --key-file FILE --key-id ID encode|decode IN OUT
//	driver --codec zlib encode|decode IN OUT
//
// and asks the SDK itself, for the other parts of the conformance suite (conformance/oracles.py):
//
//	driver descriptors OUT
//	driver visit-payloads|visit-failures IN OUT
//	driver [--config tdc.yaml] write-values|read-values|write-failures|read-failures IN OUT
//	driver write-json|read-json|read-history IN OUT
//
// IN and OUT are files with one serialised temporal.api.common.v1.Payloads.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/temporal-data-converter/tdc/bindings/go"
	"github.com/temporal-data-converter/tdc/peers/go/peer"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("driver", flag.ContinueOnError)
	name := flags.String("codec", "tdc", "tdc, sample or zlib")
	config := flags.String("config", "", "tdc: the configuration file")
	keyFile := flags.String("key-file", "", "sample: a file with the 32 bytes of the key as base64 text")
	keyID := flags.String("key-id", "", "sample: the key's id")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.Arg(0) == "descriptors" && flags.NArg() == 2 {
		set, err := describe()
		if err != nil {
			return err
		}
		return os.WriteFile(flags.Arg(1), set, 0o600)
	}
	if flags.NArg() != 3 {
		return errors.New("expected an operation and two files, like: encode IN OUT")
	}
	if _, kind, found := strings.Cut(flags.Arg(0), "-"); found {
		return ask(flags.Arg(0), kind, *config, flags.Arg(1), flags.Arg(2))
	}
	codec, done, err := newCodec(*name, *config, *keyFile, *keyID)
	if err != nil {
		return err
	}
	defer done()
	switch operation := flags.Arg(0); operation {
	case "encode":
		return convert(codec.Encode, flags.Arg(1), flags.Arg(2))
	case "decode":
		return convert(codec.Decode, flags.Arg(1), flags.Arg(2))
	default:
		return fmt.Errorf("expected encode or decode, found %q", operation)
	}
}

func newCodec(name, config, keyFile, keyID string) (codec converter.PayloadCodec, done func(), err error) {
	switch name {
	case "tdc":
		t, err := tdc.Open(config)
		if err != nil {
			return nil, nil, err
		}
		return t.PayloadCodec(), func() { _ = t.Close() }, nil
	case "sample":
		text, err := os.ReadFile(keyFile)
		if err != nil {
			return nil, nil, err
		}
		key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: expected base64 text", keyFile)
		}
		return &peer.Sample{KeyID: keyID, Key: key}, func() {}, nil
	case "zlib":
		return converter.NewZlibCodec(converter.ZlibCodecOptions{}), func() {}, nil
	}
	return nil, nil, fmt.Errorf("expected the codec tdc, sample or zlib, found %q", name)
}

func convert(operation func([]*commonpb.Payload) ([]*commonpb.Payload, error), in, out string) error {
	payloads, err := readPayloads(in)
	if err != nil {
		return err
	}
	converted, err := operation(payloads)
	if err != nil {
		return err
	}
	return writePayloads(out, converted)
}
