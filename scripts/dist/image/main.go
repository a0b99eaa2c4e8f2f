// Command image writes an OCI image layout: one image of one layer for each platform, below one
// tag.
//
//	image -out FOLDER -version V -created SECONDS ARCHITECTURE=LAYER.tar …
//
// The same layers give the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func main() {
	out := flag.String("out", "", "the folder of the layout")
	version := flag.String("version", "", "the tag, and the version in the labels")
	created := flag.Int64("created", 0, "the time of the image, in seconds since 1970")
	flag.Parse()
	if err := write(*out, *version, time.Unix(*created, 0).UTC(), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func write(out, version string, created time.Time, layers []string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, each := range layers {
		architecture, file, ok := strings.Cut(each, "=")
		if !ok {
			return fmt.Errorf("expected ARCHITECTURE=LAYER.tar, found %q", each)
		}
		image, err := imageOf(architecture, file, version, created)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: architecture}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": version,
	}))
}

func imageOf(architecture, file, version string, created time.Time) (v1.Image, error) {
	layer, err := tarball.LayerFromFile(file, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	history := v1.History{Created: v1.Time{Time: created}, CreatedBy: "scripts/dist/oci"}
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: history, MediaType: types.OCILayer}); err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configOf(image, architecture, version, created))
}

// configOf says how the image is run: as nobody in particular, with the configuration that is
// mounted at /etc/tdc.
func configOf(image v1.Image, architecture, version string, created time.Time) *v1.ConfigFile {
	config := &v1.ConfigFile{OS: "linux", Architecture: architecture, Created: v1.Time{Time: created}}
	if from, err := image.ConfigFile(); err == nil {
		config.RootFS, config.History = from.RootFS, from.History
	}
	config.Config = v1.Config{
		User:         "65532:65532",
		WorkingDir:   "/etc/tdc",
		Entrypoint:   []string{"/usr/bin/tdc"},
		Cmd:          []string{"serve"},
		Env:          []string{"PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		ExposedPorts: map[string]struct{}{"8081/tcp": {}},
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/usr/bin/tdc", "health"},
			Interval: 30 * time.Second,
			Timeout:  6 * time.Second,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "tdc",
			"org.opencontainers.image.description": "The codec server and the command line of the Temporal Data Converter",
			"org.opencontainers.image.version":     version,
			"org.opencontainers.image.licenses":    "Apache-2.0",
		},
	}
	return config
}
