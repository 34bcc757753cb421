package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bothways/internal/console"
	"bothways/internal/evidence"
)

// TestSavedElsewhere is a directory that has become something else during the run.
func TestSavedElsewhere(t *testing.T) {
	elsewhere := t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	t.Setenv("TMP", elsewhere)
	out := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(out, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := runCmd{Out: out}
	c.conclude(&evidence.Evidence{Schema: evidence.Schema}, console.Streams{Out: &stdout, Err: &stderr})
	saved, err := filepath.Glob(filepath.Join(elsewhere, "bothways-*", "*"))
	if err != nil || len(saved) != 3 {
		t.Errorf("%v, %v", saved, err)
	}
	if text := stderr.String(); len(saved) > 0 && !strings.Contains(text, "hint: what was measured is in "+filepath.Dir(saved[0])) {
		t.Errorf("%q", text)
	}
	if stdout.Len() == 0 {
		t.Error("no report")
	}
}
