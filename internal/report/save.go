package report

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
)

// Save writes everything that a run produced into a directory, which it makes:
// evidence.json, report.json and report.txt, in place of those of an earlier run. Each file
// is there whole or not at all, and one that cannot be written does not keep the others
// from being written.
func Save(dir string, ev *evidence.Evidence) error {
	if err := CheckDir(dir); err != nil {
		return err
	}
	r := Build(ev, diagnosis.Diagnose(ev))
	return errors.Join(
		saveFile(filepath.Join(dir, "evidence.json"), ev.Write),
		saveFile(filepath.Join(dir, "report.json"), func(w io.Writer) error { return WriteJSON(w, r) }),
		saveFile(filepath.Join(dir, "report.txt"), func(w io.Writer) error { return WriteText(w, r, TextOptions{}) }),
	)
}

// CheckDir makes a directory, and reports why no file can be made in it.
func CheckDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".bothways-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// saveFile writes beside the file first, so that a full disk leaves what was there.
func saveFile(path string, write func(io.Writer) error) error {
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-"+rand.Text())
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		os.Remove(beside)
	}
	return err
}
