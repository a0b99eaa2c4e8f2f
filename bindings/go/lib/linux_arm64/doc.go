// Package lib has tdc's native library for Linux on arm64: libtdc.a, and its
// header tdc.h. Programs import the package tdc, which imports this one.
package lib
