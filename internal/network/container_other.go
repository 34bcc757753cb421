//go:build !linux

package network

import (
	"fmt"
	"runtime"
)

func containerSigns() (Signs, error) { return Signs{}, fmt.Errorf("not on %s", runtime.GOOS) }
