package lab_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
)

// A shippedSite says how a scenario that ships is held against the lab. Rows of ports are
// read from the scenario; this is what they do not say.
type shippedSite struct {
	// site is what a site that satisfies it has beside the forwards of its rows.
	site lab.Fault
	// instead is a scenario of the lab's own with short times that is run in its place.
	instead string
	// elsewhere is the test that does all this for a scenario that needs more of the lab.
	elsewhere string
	// planted are the checks that fail wherever they are run, as the scenario itself makes
	// the mistake; the site then says the verdict and the findings.
	planted []string
	// breakers are faults for checks that stand for no row.
	breakers []breaker
	// spared are checks that no site breaks alone, and why.
	spared map[string]string
}

// A breaker is one of the lab's faults, with the checks that must not pass through it and
// those whose verdict is open; all others must pass.
type breaker struct {
	fault      string
	fails, may []string
}

// TestShippedScenarios runs each scenario that ships through a site that satisfies it,
// and through sites that lack each of its rows: the row's checks fail, and others do not.
func TestShippedScenarios(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	var trials []trial
	for _, name := range scenarios.Names() {
		trials = append(trials, trialsOf(t, name)...)
	}
	faults := make([]lab.Fault, len(trials))
	for i, trial := range trials {
		faults[i] = trial.fault
	}
	lab.Sides(faults, lab.DefaultParallel, func(f lab.Fault) {
		i := slices.IndexFunc(trials, func(trial trial) bool { return trial.fault.Name == f.Name })
		t.Run(f.Name, trials[i].run)
	})
}

// A trial is one run through a site.
type trial struct {
	fault lab.Fault
	// fails are the checks that must not pass, may those whose verdict is open.
	fails, may []string
}

// trialsOf are those of a scenario, and hold that every check of it is in one.
func trialsOf(t *testing.T, name string) (trials []trial) {
	shipped, ok := shippedSites()[name]
	if !ok {
		t.Errorf("%s has no site: add to shippedSites what it needs beside the forwards of its rows, and a fault of the lab for each check that stands for no port", name)
		return nil
	}
	if shipped.elsewhere != "" {
		return nil
	}
	if shipped.instead != "" {
		name = shipped.instead
	}
	s, err := lab.Scenario(name)
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRows(s)
	site := shipped.site
	site.Topology, site.Scenario = siteFor(s, rows).Topology, name
	for i, group := range groups(rows) {
		tr := withoutRows(site, fmt.Sprintf("%s/without %d", name, i+1), group)
		if silent(group) {
			tr.may = append(tr.may, calls(s, scenarios.Inbound, scenarios.Outbound)...)
		}
		trials = append(trials, tr)
	}
	if site.Name, site.WholeSweeps = name+"/satisfied", true; site.Verdict == "" {
		site.Verdict = "pass"
	}
	trials = append(trials, trial{fault: site, fails: shipped.planted})
	for i := range trials {
		trials[i].may = append(trials[i].may, shipped.planted...)
	}
	for _, b := range shipped.breakers {
		f, err := lab.Find(b.fault)
		if err != nil {
			t.Fatal(err)
		}
		f.Name, f.Scenario, f.SecondAddress, f.Verdict = name+"/"+f.Name, name, shipped.site.SecondAddress, ""
		trials = append(trials, trial{fault: f, fails: b.fails, may: b.may})
	}
	covered(t, s, trials, shipped.spared)
	return trials
}

// withoutRows is a site that lacks some rows. It lets all of SIP in otherwise, so that
// the two ends are paired whichever of its transports it lacks.
func withoutRows(f lab.Fault, name string, rows []row) trial {
	f.Name, f.Verdict = name, ""
	f.Topology.Forwards = slices.Clone(f.Topology.Forwards)
	for _, sip := range sipForwards() {
		if !slices.Contains(f.Topology.Forwards, sip) {
			f.Topology.Forwards = append(f.Topology.Forwards, sip)
		}
	}
	out := trial{fault: f}
	for _, r := range rows {
		out.fault.Topology.Rules = append(out.fault.Topology.Rules, r.rules()...)
		out.fails, out.may = append(out.fails, r.fails...), append(out.may, r.may...)
	}
	return out
}

// silent reports whether audio's rows are missing both ways: then no call has any, as
// neither end opens the way for the other.
func silent(rows []row) bool {
	ways := make(map[scenarios.Direction]bool)
	for _, r := range rows {
		ways[r.direction] = ways[r.direction] || r.proto == natlab.UDP && strings.Contains(r.ports, "-")
	}
	return ways[scenarios.Inbound] && ways[scenarios.Outbound]
}

// covered fails the test unless each check falls in a trial, and passes in another one.
func covered(t *testing.T, s scenarios.Scenario, trials []trial, spared map[string]string) {
	for _, c := range s.Checks {
		falls := slices.ContainsFunc(trials, func(t trial) bool { return slices.Contains(t.fails, c.ID) })
		why, is := spared[c.ID]
		switch {
		case is && falls:
			t.Errorf("%s: %s is broken by a site, and spared all the same: %s", s.Name, c.ID, why)
		case !is && !falls:
			t.Errorf("%s: no site breaks %s: add a fault of the lab that does to shippedSites, or why none can", s.Name, c.ID)
		}
	}
}

func (tr trial) run(t *testing.T) {
	cell := lab.Try(t.Context(), tr.fault, lab.Options{Overrides: lab.Quickly(), Version: "test"})
	if cell.Err != nil {
		t.Fatal(cell.Err)
	}
	t.Logf("%.1f s", cell.Took.Seconds())
	var wrong []string
	for _, c := range cell.Diagnosis.Checks {
		switch broken := slices.Contains(tr.fails, c.ID); {
		case c.Control != "" || slices.Contains(tr.may, c.ID) && !broken:
		case broken != (c.Verdict == diagnosis.Pass):
		default:
			wrong = append(wrong, fmt.Sprintf("%s %s: %s", c.ID, c.Verdict, c.Summary))
		}
	}
	if acted := cell.Unplanted(); len(acted) > 0 {
		t.Errorf("never acted: %v", acted)
	}
	switch v := string(cell.Diagnosis.Verdict); {
	case len(wrong) > 0:
		t.Errorf("must fall and does not, or must not and does:\n%s", strings.Join(wrong, "\n"))
	case tr.fault.Verdict != "" && !cell.OK():
		t.Errorf("verdict %s, missed %v, false %v", v, cell.Missed, cell.False)
	case tr.fault.Verdict == "" && v == "pass":
		t.Error("the run passes")
	}
	if t.Failed() {
		t.Logf("fails %v, may fail %v; findings %v", tr.fails, tr.may, cell.False)
		for _, c := range cell.Diagnosis.Checks {
			t.Logf("%-22s %-12s %s", c.ID, c.Verdict, c.Summary)
		}
	}
}
