// Command gocloud wraps and unwraps keys by gocloud.dev/secrets, the library that Temporal Proxy uses: what the key
// services of tdc are compared with.
//
//	gocloud wrap|unwrap URL BASE64
package main

import (
	"context"
	"encoding/base64"
	"fmt"
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
	if len(args) != 3 {
		return fmt.Errorf("usage: gocloud wrap|unwrap URL BASE64")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	keeper, err := secrets.OpenKeeper(ctx, args[1])
	if err != nil {
		return err
	}
	defer func() { _ = keeper.Close() }()
	in, err := base64.StdEncoding.DecodeString(args[2])
	if err != nil {
		return err
	}
	call := keeper.Encrypt
	if args[0] == "unwrap" {
		call = keeper.Decrypt
	}
	out, err := call(ctx, in)
	if err != nil {
		return err
	}
	fmt.Println(base64.StdEncoding.EncodeToString(out))
	return nil
}
