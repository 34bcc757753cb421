package report

import (
	"fmt"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
)

// Build makes the report of a diagnosed run.
func Build(ev *evidence.Evidence, d diagnosis.Diagnosis) Report {
	if ev == nil {
		ev = new(evidence.Evidence)
	}
	r := Report{
		Schema: SchemaName, Run: buildRun(ev, d), Verdict: d.Verdict, Summary: d.Summary,
		Checks: []Check{}, Findings: []Finding{}, NotTested: []NotTested{}, Changes: buildChanges(d.Changes), Differences: buildDifferences(d.Differences),
	}
	for _, c := range d.Checks {
		r.Checks = append(r.Checks, buildCheck(c))
	}
	for _, f := range d.Findings {
		r.Findings = append(r.Findings, buildFinding(f))
	}
	for _, n := range d.NotTested {
		r.NotTested = append(r.NotTested, NotTested(n))
	}
	r.Remarks = []Remark{}
	for _, m := range d.Remarks {
		r.Remarks = append(r.Remarks, Remark(m))
	}
	return r
}

func buildRun(ev *evidence.Evidence, d diagnosis.Diagnosis) Run {
	run := ev.Run
	out := Run{
		ID: run.ID, Started: run.Started, DurationMs: run.DurationMs, Target: run.Target, Embedded: run.Embedded,
		Scenario: ev.Scenario.Name, Client: Program(run.Client), ClientBehindNAT: d.ClientBehindNAT,
		PairingTransport: orNull(string(ev.Pairing.Transport)), Interrupted: orNull(run.Interrupted),
		Router: orNull(run.Router), Resolution: buildResolution(ev, d.Names), ClientInside: orNull(d.Within),
	}
	if run.Address.IsValid() {
		out.Address = orNull(run.Address.String())
	}
	if run.Responder != nil {
		out.Responder = new(Program(*run.Responder))
	}
	return out
}

func buildCheck(c diagnosis.CheckVerdict) Check {
	return Check{
		ID: c.ID, Kind: c.Kind, Transport: c.Transport, Direction: c.Direction,
		Verdict: c.Verdict, Summary: c.Summary, Optional: c.Optional, Severity: c.Severity, Purpose: orNull(c.Purpose), Control: orNull(c.Control),
		RTTMs: c.RTTMs, Flow: orNull(c.Flow), Inbound: buildAudio(c.Inbound), Outbound: buildAudio(c.Outbound),
		Sweep: buildSweep(c.Sweep), Idle: buildIdle(c.Idle), TLS: buildTLS(c.TLS), Port: buildPort(c.Port), NAT: buildNAT(c.NAT),
		Size: buildSize(c.Size), DSCP: buildDSCP(c.DSCP), Load: buildLoad(c.Load), Timeline: buildTimeline(c.Timeline),
		Server: buildServer(c.Server),
	}
}

func buildAudio(a *diagnosis.Audio) *Audio {
	if a == nil {
		return nil
	}
	return new(Audio(*a))
}

func buildFinding(f diagnosis.Finding) Finding {
	return Finding{
		Code: f.Code, Role: f.Role, Title: f.Title, Direction: orNull(string(f.Direction)), Confidence: f.Confidence,
		Evidence: notNull(f.Evidence), Remedy: notNull(f.Remedy), Checks: notNull(f.Checks),
		RouterRemedy: buildRouterRemedy(f.Vendor), Routers: f.Routers,
		Changes:     f.Changes,
		ExplainedBy: buildReasons(f.ExplainedBy), Consequences: buildConsequences(f.Consequences),
	}
}

func buildReasons(all []diagnosis.Reason) []Reason {
	out := []Reason{}
	for _, r := range all {
		out = append(out, Reason{Code: r.Code, Direction: orNull(string(r.Direction)), Title: r.Title, Confidence: r.Confidence})
	}
	return out
}

func buildConsequences(all []diagnosis.Consequence) []Consequence {
	out := []Consequence{}
	for _, c := range all {
		out = append(out, Consequence{
			Code: c.Code, Title: c.Title, Direction: orNull(string(c.Direction)), Confidence: c.Confidence,
			Evidence: notNull(c.Evidence), Checks: notNull(c.Checks), Why: c.Why,
		})
	}
	return out
}

func buildRouterRemedy(v *diagnosis.VendorRemedy) *RouterRemedy {
	if v == nil {
		return nil
	}
	return &RouterRemedy{Router: v.Router, Title: v.Title, Steps: v.Steps, Commands: notNull(v.Commands), Check: v.Check}
}

// orNull is null for what is empty.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// texts are the items as people write them, never null.
func texts[T fmt.Stringer](all []T) []string {
	out := []string{}
	for _, a := range all {
		out = append(out, a.String())
	}
	return out
}

// notNull is an empty list instead of null.
func notNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
