//go:build cgo

package tdc

/*
#include <tdc.h>
#include <stdlib.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

// Looked for beside the program and in the system's folders: not in the current one, nor in PATH.
static inline void *tdc_go_library(const char *name) {
	wchar_t wide[1024];
	if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide, 1024) == 0)
		return NULL;
	return (void *)LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
}

static inline void *tdc_go_function(void *library, const char *name) {
	return (void *)GetProcAddress((HMODULE)library, name);
}
#else
#include <dlfcn.h>

static inline void *tdc_go_library(const char *name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }
static inline void *tdc_go_function(void *library, const char *name) { return dlsym(library, name); }
#endif

// What libtdc_keys exports: tdc_keys.h. It is loaded when a key service is needed
// for the first time, so that no program has to have it.
typedef struct tdc_keys tdc_keys;

typedef struct {
	const tdc_keys *keys;
	uint32_t (*answer)(const tdc_keys *, const uint8_t *, size_t, uint8_t **, size_t *);
	void (*answers_free)(uint8_t *, size_t);
} tdc_go_clients;

#define TDC_GO_KEYS_VERSION 1

// Loads the library with this name. If it exists but cannot be used, found is its version, or the
// status of its tdc_keys_open.
static inline int tdc_go_clients_load(const char *name, tdc_go_clients *out, uint32_t *found) {
	void *library = tdc_go_library(name);
	if (library == NULL)
		return 1;
	uint32_t (*version)(void) = (uint32_t (*)(void))tdc_go_function(library, "tdc_keys_abi_version");
	*found = version == NULL ? 0 : version();
	if (*found != TDC_GO_KEYS_VERSION)
		return 2;
	uint32_t (*open)(tdc_keys **) = (uint32_t (*)(tdc_keys **))tdc_go_function(library, "tdc_keys_open");
	out->answer = (uint32_t (*)(const tdc_keys *, const uint8_t *, size_t, uint8_t **, size_t *))tdc_go_function(library, "tdc_keys_answer");
	out->answers_free = (void (*)(uint8_t *, size_t))tdc_go_function(library, "tdc_keys_answers_free");
	if (open == NULL || out->answer == NULL || out->answers_free == NULL)
		return 2;
	tdc_keys *keys = NULL;
	*found = open(&keys);
	out->keys = keys;
	return *found == 0 ? 0 : 3;
}

// The requests and answers go from one library to the other without passing through Go: they
// contain data keys, which are erased when this returns.
static inline tdc_status tdc_go_clients_answer(const tdc_go_clients *clients, const tdc_data_converter *self,
		tdc_call *call, tdc_error **error) {
	const uint8_t *requests = NULL;
	size_t requests_len = 0;
	tdc_call_requests(call, &requests, &requests_len);
	uint8_t *answers = NULL;
	size_t answers_len = 0;
	tdc_status status = clients->answer(clients->keys, requests, requests_len, &answers, &answers_len);
	if (status != TDC_OK)
		return status;
	status = tdc_call_answer(self, call, answers, answers_len, error);
	clients->answers_free(answers, answers_len);
	return status;
}

#cgo noescape tdc_go_clients_answer
#cgo nocallback tdc_go_clients_answer
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"unsafe"
)

// This file uses the clients of key services in libtdc_keys, for programs without a [KeyService] of
// their own.

// clients are loaded once for the whole program, and never unloaded: connections and
// tokens are shared.
var clients struct {
	sync.Mutex
	functions C.tdc_go_clients
	loaded    bool
}

// answerByClients has the clients answer a call's requests to key services. This may take as long
// as a service's timeout, and blocks a thread but no other goroutine. The error is a
// [*KeyServiceError] if there are no clients.
func (n native) answerByClients(call *nativeCall) error {
	functions, err := loadClients()
	if err != nil {
		return err
	}
	var problem *C.tdc_error
	status := C.tdc_go_clients_answer(&functions, n.converter, call.pointer(), &problem)
	return takeError(status, problem).asError()
}

func loadClients() (C.tdc_go_clients, error) {
	clients.Lock()
	defer clients.Unlock()
	if clients.loaded {
		return clients.functions, nil
	}
	// A failure is not cached: the library may be installed later.
	for _, name := range clientLibraries() {
		var found C.uint32_t
		file := C.CString(name)
		status := C.tdc_go_clients_load(file, &clients.functions, &found)
		C.free(unsafe.Pointer(file))
		switch status {
		case 0:
			clients.loaded = true
			return clients.functions, nil
		case 2:
			return clients.functions, &KeyServiceError{Reason: fmt.Sprintf("%s has version %d of its C ABI, this package needs version %d: "+
				"use the library and the package of one release", name, uint32(found), C.TDC_GO_KEYS_VERSION)}
		case 3:
			return clients.functions, &KeyServiceError{Reason: fmt.Sprintf("%s could not be opened, status %d", name, uint32(found))}
		}
	}
	return clients.functions, &KeyServiceError{Reason: "the library libtdc_keys, which has the clients of key services, could not be loaded: " +
		"install it where the system finds shared libraries or beside the program, or name its file in TDC_KEYS_LIBRARY, " +
		"or pass tdc.WithKeyService to Open"}
}

// clientLibraries are the paths at which the library is looked for.
func clientLibraries() []string {
	if named := os.Getenv("TDC_KEYS_LIBRARY"); named != "" {
		if absolute, err := filepath.Abs(named); runtime.GOOS == "windows" && err == nil {
			named = absolute // what is not absolute would be looked for elsewhere
		}
		return []string{named}
	}
	names := []string{"libtdc_keys.so.0", "libtdc_keys.so"} // installed, and as cargo builds it
	switch runtime.GOOS {
	case "darwin":
		names = []string{"libtdc_keys.0.dylib", "libtdc_keys.dylib"}
	case "windows":
		names = []string{"tdc_keys.dll"}
	}
	if program, err := os.Executable(); err == nil {
		for _, name := range names {
			names = append(names, filepath.Join(filepath.Dir(program), name))
		}
	}
	return names
}
