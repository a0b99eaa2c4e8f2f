package tdc

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrClosed is the error of every call on a [Tdc] after its Close.
var ErrClosed = errors.New("tdc: used after Close")

// ErrNoLibrary is the error of [Open] and [Parse] in a program that was built
// without cgo, and so without the library that does the work.
var ErrNoLibrary = errors.New("tdc: this program was built with CGO_ENABLED=0, and the tdc library is linked by cgo: " +
	"build with CGO_ENABLED=1 and a C compiler")

// A Code identifies an error by the same number in every language. Numbers are grouped by who can
// fix the cause: 1xx the input, 2xx the keys, 3xx the configuration, 4xx the caller, 5xx the
// machine, 9xx a bug in tdc.
//
// A Code is an error itself, so that it works with errors.Is:
//
//	if errors.Is(err, tdc.ErrAuthentication) { … }
type Code uint32

// String is the name of the code in every language, such as TDC_ERR_LIMIT.
func (c Code) String() string {
	if name, _ := c.entry(); name != "" {
		return name
	}
	return "TDC_STATUS_" + strconv.FormatUint(uint64(c), 10)
}

// Error makes a Code usable with [errors.Is].
func (c Code) Error() string { return "tdc: " + c.String() }

// An Error is an error of the library, or of a key provider, key service or codec server that did
// not answer. Its text never contains plaintext or key bytes.
type Error struct {
	Code         Code   // the stable number, such as [ErrAuthentication]
	Name         string // the stable name, such as TDC_ERR_AUTHENTICATION
	Message      string // a sentence that helps
	PayloadIndex int    // which payload of the call, from 0; -1 if it is not about one payload
	Transient    bool   // whether the same call can succeed later, because time or an operator cures the cause

	cause  error // what the key provider, the key service or the HTTP client said
	needed int   // with ErrBufferTooSmall: the size that would do
}

// Error is the name of the code, the payload's index and the message.
func (e *Error) Error() string {
	text := "tdc: " + e.Name
	if e.PayloadIndex >= 0 {
		text += fmt.Sprintf(": payloads[%d]", e.PayloadIndex)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Is makes errors.Is(err, code) work for every [Code].
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap is the key provider's, the key service's or the HTTP client's own error, if
// it was the cause.
func (e *Error) Unwrap() error { return e.cause }

// newError is an Error with the name and flags of its code.
func newError(code Code, index int, message string) *Error {
	_, transient := code.entry()
	return &Error{Code: code, Name: code.String(), Message: message, PayloadIndex: index, Transient: transient}
}

// because is e with its cause.
func (e *Error) because(cause error) *Error {
	e.cause = cause
	return e
}

// asError is e, or an error that is nil.
func (e *Error) asError() error {
	if e == nil {
		return nil
	}
	return e
}
