//go:build !linux && !darwin && !windows

package network

func forbidFragments(uintptr, bool) error { return ErrNoFragmentControl }

func pathMTU(uintptr, bool) *int { return nil }
