package console

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// ansi switches on the colours of a console (Windows 10 and later), and reports whether it
// has any: an older one would print the codes.
func ansi(f *os.File) bool {
	console, mode := windows.Handle(f.Fd()), uint32(0)
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// utf8Page is the code page of UTF-8.
const utf8Page = 65001

// encoded is output to a file. A console shows UTF-8 whatever its code page, since Go
// writes to it in UTF-16. What reads from a pipe or a redirection, such as PowerShell,
// takes the bytes for the console's code page instead: there, drawn signs are spelt in ASCII.
func encoded(f *os.File) io.Writer {
	var mode uint32
	page, err := windows.GetConsoleOutputCP()
	if windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil || err == nil && page == utf8Page {
		return f
	}
	return plain{f}
}
