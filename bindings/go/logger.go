package tdc

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/log"
)

// Logger logs a workflow task that fails because of an error of this package in one line: the code,
// what happened and what to do. Without it the SDK logs the stack of the workflow's goroutine,
// which says nothing about a wrong key, and then the error a second time. Everything else goes to
// next unchanged.
//
//	client.Options{Logger: tdc.Logger(log.NewStructuredLogger(slog.Default())), …}
func Logger(next log.Logger) log.Logger { return &logger{log.Skip(next, 1)} }

type logger struct{ next log.Logger }

var (
	_ log.WithLogger      = (*logger)(nil)
	_ log.WithSkipCallers = (*logger)(nil)
)

// failedTask is the SDK's second line about a task that failed.
const failedTask = "Failed to process workflow task."

// Debug implements [log.Logger].
func (l *logger) Debug(msg string, keyvals ...any) { l.next.Debug(msg, keyvals...) }

// Info implements [log.Logger].
func (l *logger) Info(msg string, keyvals ...any) { l.next.Info(msg, keyvals...) }

// Warn implements [log.Logger].
func (l *logger) Warn(msg string, keyvals ...any) {
	// An error with a stack was a panic, and the panic was logged.
	if err, panicked := valueOf(keyvals, "Error").(interface{ StackTrace() string }); panicked && msg == failedTask && isOurs(err) {
		return
	}
	l.next.Warn(msg, keyvals...)
}

// Error implements [log.Logger].
func (l *logger) Error(msg string, keyvals ...any) {
	if isOurs(valueOf(keyvals, "Error")) || isOurs(valueOf(keyvals, "PanicError")) {
		keyvals = without(keyvals, "StackTrace", "PanicStack")
	}
	l.next.Error(msg, keyvals...)
}

// With implements [log.WithLogger].
func (l *logger) With(keyvals ...any) log.Logger { return &logger{log.With(l.next, keyvals...)} }

// WithCallerSkip implements [log.WithSkipCallers].
func (l *logger) WithCallerSkip(skip int) log.Logger { return &logger{log.Skip(l.next, skip)} }

// isOurs tells whether the SDK logs an error of this package. The SDK keeps only the text of a
// panic's value.
func isOurs(logged any) bool {
	return logged != nil && strings.HasPrefix(fmt.Sprint(logged), "tdc: TDC_")
}

func valueOf(keyvals []any, key string) any {
	for i := 0; i+1 < len(keyvals); i += 2 {
		if keyvals[i] == key {
			return keyvals[i+1]
		}
	}
	return nil
}

func without(keyvals []any, keys ...string) []any {
	var kept []any
	for i := 0; i < len(keyvals); i += 2 {
		if key, ok := keyvals[i].(string); ok && slices.Contains(keys, key) {
			continue
		}
		kept = append(kept, keyvals[i:min(i+2, len(keyvals))]...)
	}
	return kept
}
