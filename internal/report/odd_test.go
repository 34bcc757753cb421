package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/report"
	"bothways/sipprobe"
)

// TestOddEvidence takes every part out of saved evidence in turn. Whatever is left
// gets a report.
func TestOddEvidence(t *testing.T) {
	udp := []sipprobe.Transport{sipprobe.UDP}
	runs := []*evidence.Evidence{
		diagnosistest.Site{Transports: udp, Control: true, Private: true}.Run(),
		diagnosistest.Site{Transports: udp, Closed: udp}.Run(),
	}
	for _, ev := range runs {
		ev.Client.Tape = ev.Client.Tape[:2]
		data, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		without(tree, "", func(path string) {
			data, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			ev, err := evidence.Read(bytes.NewReader(data))
			if err != nil {
				return
			}
			r := build(ev)
			if r.Verdict == "" || r.Summary == "" {
				t.Errorf("without %s: no verdict", path)
			}
			if err := report.WriteText(io.Discard, r, report.TextOptions{}); err != nil {
				t.Errorf("without %s: %v", path, err)
			}
			if err := report.WriteJSON(io.Discard, r); err != nil {
				t.Errorf("without %s: %v", path, err)
			}
		})
	}
}

// without calls f once for each value of a tree, with that value gone.
func without(node any, path string, f func(path string)) {
	switch n := node.(type) {
	case map[string]any:
		for key, value := range n {
			at := path + "/" + key
			n[key] = nil
			f(at)
			n[key] = value
			if !strings.HasSuffix(at, "/tape") && at != "/scenario" {
				without(value, at, f)
			}
		}
	case []any:
		for i, value := range n {
			n[i] = nil
			f(path)
			n[i] = value
			without(value, path, f)
		}
	}
}
