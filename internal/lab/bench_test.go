package lab_test

import (
	"bytes"
	"strings"
	"testing"

	"bothways/internal/console"
	"bothways/internal/lab"
	"bothways/internal/natlab"
)

// TestBenchMeasures runs a part of the benchmarks once.
func TestBenchMeasures(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	var out, errs bytes.Buffer
	streams := console.Streams{Out: &out, Err: &errs, Getenv: func(string) string { return "" }}
	if status := lab.Command([]string{"bench", "--repeat", "1", "outbound"}, streams); status != console.ExitOK {
		t.Fatalf("status %d: %s", status, &errs)
	}
	if text := out.String(); !strings.Contains(text, "outbound, 64,511 ports, clean: sweep ") || strings.Contains(text, "growth") {
		t.Error(text)
	}
}
