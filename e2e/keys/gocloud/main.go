// Command gocloud wraps and unwraps keys by gocloud.dev/secrets, the library that Temporal Proxy
// uses, and seals and opens payloads in the Proxy's form: what the key services and the envelopes
// of tdc are compared with.
//
//	gocloud wrap|unwrap URL BASE64      one key, in base64 on standard output
//	gocloud seal|open URL               a serialised Payloads, from standard input to standard output
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"time"

	"gocloud.dev/secrets"
	_ "gocloud.dev/secrets/awskms"
	_ "gocloud.dev/secrets/hashivault"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) < 2 {
		return fmt.Errorf("usage: gocloud wrap|unwrap URL BASE64, gocloud seal|open URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	keeper, err := secrets.OpenKeeper(ctx, args[1])
	if err != nil {
		return err
	}
	defer func() { _ = keeper.Close() }()
	sealing := envelope{keeper, args[1]}
	switch verb := args[0]; {
	case verb == "wrap" && len(args) == 3:
		return one(ctx, args[2], keeper.Encrypt)
	case verb == "unwrap" && len(args) == 3:
		return one(ctx, args[2], keeper.Decrypt)
	case verb == "seal" && len(args) == 2:
		return list(ctx, sealing.seal)
	case verb == "open" && len(args) == 2:
		return list(ctx, sealing.open)
	default:
		return fmt.Errorf("unknown command %q with %d arguments", verb, len(args))
	}
}

func one(ctx context.Context, text string, call func(context.Context, []byte) ([]byte, error)) error {
	in, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	out, err := call(ctx, in)
	if err != nil {
		return err
	}
	fmt.Println(base64.StdEncoding.EncodeToString(out))
	return nil
}

func list(ctx context.Context, call func(context.Context, []byte) ([]byte, error)) error {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	out, err := call(ctx, in)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}
