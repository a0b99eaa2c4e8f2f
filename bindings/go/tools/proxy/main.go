// Command proxy writes one version of a module into a folder that GOPROXY can
// name by file://.
//
//	proxy PROXY MODULE VERSION TIME FOLDER
//
// TIME is the version's, in seconds since 1970; FOLDER has the module's files.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return errors.New("expected PROXY MODULE VERSION TIME FOLDER")
	}
	proxy, folder := args[0], args[4]
	version := module.Version{Path: args[1], Version: args[2]}
	if err := module.Check(version.Path, version.Version); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return err
	}
	escaped, err := module.EscapePath(version.Path)
	if err != nil {
		return err
	}
	versions := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{version.Version, time.Unix(seconds, 0).UTC()})
	if err != nil {
		return err
	}
	var files bytes.Buffer
	if err := zip.CreateFromDir(&files, version, folder); err != nil {
		return err
	}
	for name, contents := range map[string][]byte{
		"list":                    []byte(version.Version + "\n"),
		version.Version + ".info": info,
		version.Version + ".mod":  mod,
		version.Version + ".zip":  files.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(versions, name), contents, 0o644); err != nil {
			return err
		}
	}
	return nil
}
