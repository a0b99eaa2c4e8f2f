package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
)

// randomJSON is a JSON string of random characters: what encryption takes does
// not depend on it.
func randomJSON(size int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	raw := make([]byte, size)
	_, _ = random.Read(raw) // never fails
	text := base64.StdEncoding.AppendEncode([]byte{'"'}, raw)[:size]
	text[size-1] = '"'
	return text
}

// orders is JSON as a workflow might carry it, cut at size: names that repeat,
// numbers and ids that do not.
func orders(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	text := []byte{'['}
	for len(text) < size {
		text = fmt.Appendf(text, `{"orderId":"%08x-%04x","customer":{"name":"%s %s","email":"%s%d@example.com"},`+
			`"items":[{"sku":"%s-%05d","quantity":%d,"price":"%d.%02d"}],"status":"%s","createdAt":"2026-%02d-%02dT%02d:%02d:%02dZ"},`,
			random.Uint32(), random.IntN(1<<16),
			pick("Ada", "Grace", "Alan", "Barbara", "Edsger", "Margaret"), pick("Lovelace", "Hopper", "Turing", "Liskov", "Hamilton"),
			pick("ada", "grace", "alan", "barbara"), random.IntN(1000),
			pick("BOOK", "LAMP", "DESK", "CHAIR"), random.IntN(100000), 1+random.IntN(9), random.IntN(500), random.IntN(100),
			pick("created", "paid", "shipped", "delivered"),
			1+random.IntN(12), 1+random.IntN(28), random.IntN(24), random.IntN(60), random.IntN(60))
	}
	return text[:size]
}

// orderList is a whole JSON list of at most size bytes, of what orders has.
func orderList(size int) []byte {
	text := orders(size)
	end := bytes.LastIndex(text, []byte("},{\"orderId\""))
	return append(text[:end+1:end+1], ']')
}
