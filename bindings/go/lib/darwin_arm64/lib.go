// Package lib is empty. Beside it are libtdc.a and tdc.h for this platform, put
// here by link-library: go mod vendor copies files of packages only.
package lib
