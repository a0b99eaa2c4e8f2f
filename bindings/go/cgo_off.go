//go:build !cgo

package tdc

// Without cgo there is no library: the package compiles, so that a program can
// import it on every platform, and opening says what is missing.

const statusRequests = 2

type native struct{}

type nativeCall struct{}

func (*nativeCall) requests() []byte { return nil }
func (*nativeCall) end()             {}

type fault struct {
	status     uint32
	index      int
	message    string
	sizeNeeded int
	cause      error
}

func (f *fault) asError() error { return ErrNoLibrary }

func openNative(string, string) (native, error)          { return native{}, ErrNoLibrary }
func parseNative([]byte, string, string) (native, error) { return native{}, ErrNoLibrary }

func (native) free()                             {}
func (native) reload() error                     { return ErrNoLibrary }
func (native) hasConverters() bool               { return false }
func (native) usesRemote() bool                  { return false }
func (native) usesHostKeys() bool                { return false }
func (native) encodeBound(int) int               { return 0 }
func (native) answer(*nativeCall, []byte) *fault { return &fault{index: -1} }
func (native) payload(operation, *nativeCall, []byte, []byte, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}

func (native) values(operation, *nativeCall, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) failure(operation, *nativeCall, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) message(operation, *nativeCall, []byte, string, bool, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) payloads(operation, *nativeCall, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) history(*nativeCall, []byte, []byte) ([]byte, *fault) { return nil, &fault{index: -1} }
