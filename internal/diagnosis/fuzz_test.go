package diagnosis_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// FuzzDiagnose: whatever evidence can be read can be judged, and what is found has words.
func FuzzDiagnose(f *testing.F) {
	for _, r := range diagnosistest.Runs() {
		r.Evidence.Client.Tape = r.Evidence.Client.Tape[:min(2, len(r.Evidence.Client.Tape))]
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(r.Evidence); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"bothways/evidence/v1","checks":[{"id":"a","kind":"call","call_facts":{"client":{},"responder":{"media":{}}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		ev, err := evidence.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		d := diagnosis.Diagnose(ev)
		if d.Verdict == "" || d.Summary == "" {
			t.Errorf("no verdict: %+v", d)
		}
		for _, found := range d.Findings {
			if len(found.Evidence) == 0 || found.Title == "" {
				t.Errorf("%q without evidence", found.Code)
			}
		}
	})
}
