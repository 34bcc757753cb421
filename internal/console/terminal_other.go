//go:build !windows

package console

import (
	"io"
	"os"
)

// ansi reports whether a terminal has colours.
func ansi(*os.File) bool { return true }

// encoded is output to a file, which is read as UTF-8.
func encoded(f *os.File) io.Writer { return f }
