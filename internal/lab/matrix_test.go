package lab_test

import (
	"bytes"
	"strings"
	"testing"

	"bothways/internal/console"
	"bothways/internal/lab"
	"bothways/internal/natlab"
)

// TestMatrixTellsLies expects of a clean lab what is not there, and of a broken one
// that it is clean.
func TestMatrixTellsLies(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	var faults []lab.Fault
	for _, row := range []struct{ name, expect string }{{"port-clean", ""}, {"port-clean", "poor-audio"}, {"port-held", ""}} {
		f, err := lab.Find(row.name)
		if err != nil {
			t.Fatal(err)
		}
		f.Name, f.Expect = row.name+row.expect, strings.Fields(row.expect)
		faults = append(faults, f)
	}
	faults = append(faults, lab.Fault{Name: "nowhere", Scenario: "no-such-scenario"})
	got := make(map[string]lab.Cell)
	lab.Matrix(t.Context(), faults, 2, lab.Options{Overrides: lab.Quickly(), Version: "test"}, func(c lab.Cell) { got[c.Fault.Name] = c })
	var out bytes.Buffer
	cells := []lab.Cell{got["port-clean"], got["port-cleanpoor-audio"], got["port-held"], got["nowhere"]}
	if wrong := lab.PrintMatrix(console.Streams{Out: &out}, cells); wrong != 3 {
		t.Errorf("%d are wrong", wrong)
	}
	for _, want := range []string{"✓ port-clean ", "✗ port-cleanpoor-audio  pass: poor-audio  pass ", "✗ port-held ", "✗ nowhere ", "not run: no scenario"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if c := got["port-clean"]; !c.OK() || c.Tries == 0 || c.Took == 0 {
		t.Errorf("%+v", c.Err)
	}
	if c := got["port-cleanpoor-audio"]; c.OK() || len(c.Missed) != 1 {
		t.Errorf("missed %v", c.Missed)
	}
	if c := got["port-held"]; c.OK() || len(c.False) != 1 || c.False[0] != "port-in-use" {
		t.Errorf("false %v", c.False)
	}
	if c := got["nowhere"]; c.OK() || c.Err == nil {
		t.Errorf("%v", c.Err)
	}
}
