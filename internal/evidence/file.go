package evidence

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxFileBytes bounds saved evidence that is read back.
const maxFileBytes = 256 << 20

// Read reads saved evidence.
func Read(r io.Reader) (*Evidence, error) {
	var ev Evidence
	if err := json.NewDecoder(io.LimitReader(r, maxFileBytes)).Decode(&ev); err != nil {
		return nil, fmt.Errorf("not evidence: %w", err)
	}
	if ev.Schema != Schema {
		return nil, fmt.Errorf("not evidence: schema is %q, want %q", ev.Schema, Schema)
	}
	return &ev, nil
}

// Write saves evidence as indented JSON.
func (ev *Evidence) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(ev)
}
