//go:build cgo

package tdc

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
)

// lines is a logger that keeps what the worker logs, a line each.
type lines struct {
	mu   sync.Mutex
	kept []string
}

func (l *lines) keep(level, msg string, keyvals []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, fmt.Sprint(level, " ", msg, " ", keyvals))
}

func (l *lines) Debug(msg string, keyvals ...any) {}
func (l *lines) Info(msg string, keyvals ...any)  { l.keep("INFO", msg, keyvals) }
func (l *lines) Warn(msg string, keyvals ...any)  { l.keep("WARN", msg, keyvals) }
func (l *lines) Error(msg string, keyvals ...any) { l.keep("ERROR", msg, keyvals) }

// with is the lines that hold text.
func (l *lines) with(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.kept {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func TestATaskThatFailsForAKeyIsLoggedInOneLine(t *testing.T) {
	for name, s := range sites(t) {
		if name != "input" && name != "version" && name != "failure of an activity" { // a coroutine, a marker, the failure converter
			continue
		}
		t.Run(name, func(t *testing.T) {
			logged := new(lines)
			opened, cure := withWrongKey(t)
			f := &frontend{events: s.events(t), onFailure: cure, logger: Logger(logged)}
			serve(t, f, opened, s.workflow(opened))
			f.outcome(t)
			found := logged.with("TDC_ERR_AUTHENTICATION")
			if len(found) != 1 || !strings.Contains(found[0], "retried until this is fixed") || strings.Contains(found[0], "\n") {
				t.Errorf("got %q", found)
			}
		})
	}
}

func TestOtherPanicsAreLoggedAsTheSDKDoes(t *testing.T) {
	logged := new(lines)
	attempts := 0
	f := &frontend{events: history(nil), logger: Logger(logged)}
	serve(t, f, parse(t, encryptConfig), func(workflow.Context) (string, error) {
		if attempts++; attempts == 1 {
			panic("the workflow's own")
		}
		return "", nil
	})
	f.outcome(t)
	if found := logged.with("the workflow's own"); len(found) != 2 || !strings.Contains(found[0], "logger_test.go") {
		t.Errorf("got %q", found)
	}
}

func TestLoggerKeepsFieldsAndEverythingElse(t *testing.T) {
	logged := new(lines)
	logger := log.With(Logger(logged), "Namespace", "orders")
	logger.Error("odd", "StackTrace", "kept", "Error", errors.New("tdc is mentioned"), "alone")
	logger.Warn("Failed to process workflow task.", "Error", newError(ErrLimit, -1, "not a panic"))
	logger.Info("all is well")
	logger.Error("Workflow panic", "Error", newError(ErrAuthentication, 0, "wrong key"), "StackTrace", "gone", "alone")
	want := []string{
		"ERROR odd [Namespace orders StackTrace kept Error tdc is mentioned alone]",
		"WARN Failed to process workflow task. [Namespace orders Error tdc: TDC_ERR_LIMIT: not a panic]",
		"INFO all is well [Namespace orders]",
		"ERROR Workflow panic [Namespace orders Error tdc: TDC_ERR_AUTHENTICATION: payloads[0]: wrong key alone]",
	}
	if got := strings.Join(logged.kept, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
}
