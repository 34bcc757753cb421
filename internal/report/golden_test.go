package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/report"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func build(ev *evidence.Evidence) report.Report { return report.Build(ev, diagnosis.Diagnose(ev)) }

func TestText(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		var b bytes.Buffer
		if err := report.WriteText(&b, build(r.Evidence), report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, r.Name+".txt", b.Bytes())
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	for _, r := range diagnosistest.Runs() {
		var b bytes.Buffer
		if err := report.WriteJSON(&b, build(r.Evidence)); err != nil {
			t.Fatal(err)
		}
		golden(t, r.Name+".json", b.Bytes())
		if err := schema.Validate(parse(t, b.Bytes())); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}

func TestColour(t *testing.T) {
	var b bytes.Buffer
	r := build(diagnosistest.Find("udp-not-forwarded"))
	if err := report.WriteText(&b, r, report.TextOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "udp-not-forwarded.colour.txt", b.Bytes())
}

// TestLinesFit holds that no line is wider than was asked for, and that there are no
// colours where none were.
func TestLinesFit(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		built := build(r.Evidence)
		for _, width := range []int{60, 80, 120} {
			var b bytes.Buffer
			if err := report.WriteText(&b, built, report.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if w := lipgloss.Width(strings.TrimSuffix(line, "\n")); w > width {
					t.Errorf("%s: %d columns, want at most %d: %s", r.Name, w, width, line)
				}
			}
			if strings.ContainsRune(b.String(), '\x1b') || strings.ContainsRune(b.String(), '…') {
				t.Errorf("%s: colour codes or cut words at %d columns", r.Name, width)
			}
		}
	}
}

func TestSavedEvidenceGivesTheSameReport(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		var b bytes.Buffer
		if err := r.Evidence.Write(&b); err != nil {
			t.Fatal(err)
		}
		saved, err := evidence.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(build(r.Evidence), build(saved)); diff != "" {
			t.Errorf("%s (-run +saved):\n%s", r.Name, diff)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compile(t)
	var b bytes.Buffer
	if err := report.WriteJSON(&b, build(diagnosistest.Find("udp-not-forwarded"))); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new string }{
		{"verdict", `"verdict": "fail"`, `"verdict": "broken"`},
		{"role", `"role": "symptom"`, `"role": "sign"`},
		{"confidence", `"confidence": "proven"`, `"confidence": "certain"`},
		{"direction", `"direction": "inbound"`, `"direction": "in"`},
		{"type", `"duration_ms": 41300`, `"duration_ms": "41300"`},
		{"missing", `"rtt_ms"`, `"rtt"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(b.String(), tt.old, tt.new, 1)
			if text == b.String() {
				t.Fatalf("%s is not in the report", tt.old)
			}
			if schema.Validate(parse(t, []byte(text))) == nil {
				t.Error("was accepted")
			}
		})
	}
	added := strings.Replace(b.String(), `"verdict"`, `"added_later": 1, "verdict"`, 1)
	if err := schema.Validate(parse(t, []byte(added))); err != nil {
		t.Errorf("a field that was added later: %v", err)
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	data, err := os.ReadFile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("report.json", parse(t, data)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNullIsUnknown(t *testing.T) {
	var b bytes.Buffer
	if err := report.WriteJSON(&b, build(diagnosistest.Find("interrupted"))); err != nil {
		t.Fatal(err)
	}
	var r struct {
		Checks []struct {
			ID      string
			Inbound map[string]any
		}
	}
	if err := json.Unmarshal(b.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	in := r.Checks[3].Inbound
	if in["received_packets"] != nil || in["lost_percent"] != nil || in["sent_packets"] != 300.0 {
		t.Errorf("%s without the responder's record: %v", r.Checks[3].ID, in)
	}
}
