//go:build !linux

package network

import (
	"fmt"
	"runtime"
)

func openCapture() (Capture, error) {
	return nil, fmt.Errorf("%w: not on %s", ErrNoCapture, runtime.GOOS)
}
