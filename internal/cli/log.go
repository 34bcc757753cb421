package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// logHandler writes what a responder logs in the programs' own voice.
type logHandler struct {
	mu *sync.Mutex
	w  io.Writer
}

func newLog(w io.Writer) slog.Handler { return logHandler{mu: new(sync.Mutex), w: w} }

// Enabled drops what only developers want to know, and what sipgo says of peers.
func (h logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle writes one line.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "bothways-responder: %s", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := fmt.Fprintln(h.w, b.String())
	return err
}

// WithAttrs is used by sipgo alone, whose lines are dropped.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return slog.DiscardHandler }

// WithGroup is used by nobody.
func (h logHandler) WithGroup(string) slog.Handler { return h }
