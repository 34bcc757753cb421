package report

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
)

// Save writes everything that a run produced into a directory, which it makes:
// evidence.json, report.json and report.txt. One that cannot be written does not
// keep the others from being written.
func Save(dir string, ev *evidence.Evidence) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	r := Build(ev, diagnosis.Diagnose(ev))
	return errors.Join(
		saveFile(filepath.Join(dir, "evidence.json"), ev.Write),
		saveFile(filepath.Join(dir, "report.json"), func(w io.Writer) error { return WriteJSON(w, r) }),
		saveFile(filepath.Join(dir, "report.txt"), func(w io.Writer) error { return WriteText(w, r, TextOptions{}) }),
	)
}

func saveFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
