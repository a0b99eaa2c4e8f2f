//go:build !cgo

package tdc

// Without cgo there is no library: the package compiles, so that a program can
// import it on every platform, and opening says what is missing.

const (
	statusKeyNeeded    = 2
	statusReloadNeeded = 3
	statusTypeNeeded   = 4
	statusRemoteNeeded = 5
)

type native struct{}

type usage struct{}

type nativeRequest struct{}

func (nativeRequest) free() {}

type fault struct {
	status     uint32
	index      int
	message    string
	sizeNeeded int
	keyIDs     []string
	typeName   string
	request    *request
	cause      error
}

func (f *fault) asError() error { return ErrNoLibrary }

func openNative(string, string) (native, error)          { return native{}, ErrNoLibrary }
func parseNative([]byte, string, string) (native, error) { return native{}, ErrNoLibrary }

func (native) free()                           {}
func (native) reload() error                   { return ErrNoLibrary }
func (native) hasConverters() bool             { return false }
func (native) usesRemote() bool                { return false }
func (native) usesHostKeys() bool              { return false }
func (native) encodeBound(int) int             { return 0 }
func (native) provideKey(string, []byte) error { return ErrNoLibrary }
func (native) rejectKey(string) error          { return ErrNoLibrary }
func (native) provideDescriptor([]byte) error  { return ErrNoLibrary }
func (native) payload(operation, []byte, *usage, []byte, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}

func (native) values(operation, []byte, []byte) ([]byte, *fault)  { return nil, &fault{index: -1} }
func (native) failure(operation, []byte, []byte) ([]byte, *fault) { return nil, &fault{index: -1} }
func (native) message(operation, []byte, string, bool, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) payloads(operation, []byte, []byte) ([]byte, *fault) {
	return nil, &fault{index: -1}
}
func (native) provideRemote(nativeRequest, int, []byte) *fault { return &fault{index: -1} }
func (native) history([]byte, []byte) ([]byte, *fault)         { return nil, &fault{index: -1} }
