//go:build unix

package console_test

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"bothways/internal/console"
)

// hungUp is a command whose terminal goes away.
type hungUp struct{ t *testing.T }

func (h *hungUp) Run(ctx context.Context) error {
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		h.t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		h.t.Error("the command was not told")
	}
	return nil
}

// TestHangUp: who loses the terminal loses no more than the rest of the run.
func TestHangUp(t *testing.T) {
	seen := make(chan os.Signal, 1) // also where the tests run under nohup
	signal.Notify(seen, syscall.SIGHUP)
	signal.Stop(seen)
	var out bytes.Buffer
	s := console.Streams{Out: &out, Err: &out}
	if status := console.Command("program", "", &hungUp{t}, nil, s); status != console.ExitOK {
		t.Errorf("%d %s", status, &out)
	}
}
