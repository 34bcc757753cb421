//go:build !linux

package natlab

import (
	"context"
	"errors"
	"fmt"
)

func errNotLinux() error { return errors.New("needs Linux") }

// Supported tells why no lab can be built here.
func Supported() error { return fmt.Errorf("natlab: %w", errNotLinux()) }

// Main calls run and returns its exit status.
func Main(run func() int) int { return run() }

func (l *Lab) build(context.Context, Topology, plan) error { return errNotLinux() }

// Reforward replaces the site router's forwards.
func (l *Lab) Reforward([]Forward) error { return errNotLinux() }

func (h *Host) counters() ([]Counter, error) { return nil, errNotLinux() }

type namespace struct{}

func newNamespace() (*namespace, error) { return nil, errNotLinux() }

func (*namespace) do(func() error) error { return errNotLinux() }

func (*namespace) close() error { return nil }
