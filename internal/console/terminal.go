package console

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"
)

// Terminal says what text that goes to w may look like: whether it may have colour
// (only on a terminal, and not where NO_COLOR is set, https://no-color.org), and how
// wide it is, 0 for unknown.
func Terminal(w io.Writer, getenv func(string) string) (color bool, width int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return false, 0
	}
	if width, _, err := term.GetSize(f.Fd()); err == nil {
		return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && ansi(f), width
	}
	return false, 0
}

// Progress tells the people who wait what happens, a line for each step.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
}

// NewProgress writes to w, with the time since now.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w, start: time.Now()} }

// Say writes a line.
func (p *Progress) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "%5.1fs  %s\n", time.Since(p.start).Seconds(), text)
}
