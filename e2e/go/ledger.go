package main

import (
	"go.temporal.io/sdk/workflow"
)

// Ledger runs while the keys and the chain change under it: for every entry that is signalled it
// has each helper put its stamp on it, and it ends when it is told to close.
func Ledger(ctx workflow.Context, opening string, helpers []string) ([]string, error) {
	entries := []string{opening}
	if err := workflow.SetQueryHandler(ctx, "entries", func() ([]string, error) { return entries, nil }); err != nil {
		return nil, err
	}
	if err := workflow.SetUpdateHandler(ctx, "read", func(_ workflow.Context, reader string) (string, error) {
		return reader + " read " + entries[len(entries)-1], nil
	}); err != nil {
		return nil, err
	}
	for {
		var entry string
		workflow.GetSignalChannel(ctx, "say").Receive(ctx, &entry)
		if entry == "close" {
			return entries, nil
		}
		for _, helper := range helpers {
			activity := workflow.ExecuteActivity(activityContext(ctx, helper), "Stamp", entry)
			if err := activity.Get(ctx, &entry); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
}

// Echo is the smallest workflow that decodes an input and signals; Python and Java have the same
// one. It answers with all that was said once it is told to close.
func Echo(ctx workflow.Context, opening string) ([]string, error) {
	said := []string{opening}
	for {
		var word string
		workflow.GetSignalChannel(ctx, "say").Receive(ctx, &word)
		if word == "close" {
			return said, nil
		}
		said = append(said, word)
	}
}
