//go:build !cgo

package tdc

// Without cgo there is no library: the package compiles, so that a program can import it on every
// platform, and opening a configuration reports what is missing. Functions that need an open
// library are never called.

const statusRequests Code = 2

type native struct{}

func checkVersion() error { return ErrNoLibrary }

func openNative(string, string) (native, error)          { panic(ErrNoLibrary) }
func parseNative([]byte, string, string) (native, error) { panic(ErrNoLibrary) }

func (native) free()               {}
func (native) reload() error       { return ErrNoLibrary }
func (native) flags() flags        { return flags{} }
func (native) encodeBound(int) int { return 0 }

type nativeCall struct{}

func (*nativeCall) requests() []byte { return nil }
func (*nativeCall) follow()          {}
func (*nativeCall) hasPending() bool { return false }
func (*nativeCall) end()             {}

func (native) answer(*nativeCall, []byte) *Error { panic(ErrNoLibrary) }

func (native) answerByClients(*nativeCall) error { panic(ErrNoLibrary) }

func (native) payload(operation, *nativeCall, []byte, []byte, []byte, []byte) ([]byte, *Error) {
	panic(ErrNoLibrary)
}

func (native) convert(operation, *nativeCall, []byte, []byte) ([]byte, *Error) {
	panic(ErrNoLibrary)
}

func (native) message(operation, *nativeCall, []byte, string, bool, []byte) ([]byte, *Error) {
	panic(ErrNoLibrary)
}
