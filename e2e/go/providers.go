package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	tdc "github.com/temporal-data-converter/tdc/bindings/go"
)

// keyProvider makes a function a tdc.KeyProvider.
type keyProvider func(ctx context.Context, id string) ([]byte, error)

func (p keyProvider) Key(ctx context.Context, id string) ([]byte, error) { return p(ctx, id) }

// slowProvider takes longer than a workflow may run without giving way: the deadlock detector must
// know.
func slowProvider(vault string) tdc.KeyProvider {
	return keyProvider(func(_ context.Context, id string) ([]byte, error) {
		fmt.Println("e2e: asked", id)
		time.Sleep(3 * time.Second)
		return readKey(vault, id)
	})
}

// flakyProvider is away the first two times it is asked for a key.
func flakyProvider(vault string) tdc.KeyProvider {
	var mutex sync.Mutex
	asked := map[string]int{}
	return keyProvider(func(_ context.Context, id string) ([]byte, error) {
		fmt.Println("e2e: asked", id)
		mutex.Lock()
		defer mutex.Unlock()
		asked[id]++
		if asked[id] <= 2 {
			return nil, errors.New("the vault is away")
		}
		return readKey(vault, id)
	})
}

func readKey(vault, id string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(vault, id+".key"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, tdc.ErrKeyNotFound
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
}
