package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"bothways/internal/evidence"
	"bothways/internal/report"
)

// TestSaveReplacesWhole saves over an earlier run, one file of which is a directory by now
// and cannot be replaced: the others are, and nothing is left beside them.
func TestSaveReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	stubborn := filepath.Join(dir, "report.txt", "x")
	if err := os.MkdirAll(stubborn, 0o755); err != nil {
		t.Fatal(err)
	}
	earlier := filepath.Join(dir, "evidence.json")
	if err := os.WriteFile(earlier, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(earlier) // who reads it meanwhile sees the earlier one whole
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if err := report.Save(dir, &evidence.Evidence{Schema: evidence.Schema}); err == nil {
		t.Error("report.txt was saved")
	}
	seen := make([]byte, 100)
	if n, _ := before.Read(seen); string(seen[:n]) != "earlier" {
		t.Errorf("%q", seen[:n])
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
	f, err := os.Open(earlier)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := evidence.Read(f); err != nil {
		t.Error(err)
	}
}

func TestCheckDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := report.CheckDir(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := report.CheckDir(file); err == nil {
		t.Error("a file is a directory")
	}
}
