package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
)

// overall is the verdict of the run. Controls are facts for rules and do not count;
// neither do skipped checks.
func overall(v *view, d Diagnosis) Verdict {
	counts := tally(d.Checks)
	switch {
	case locked(d.Findings) != "":
		return Inconclusive
	case counts[Fail] > 0 || v.stands(d, Fail):
		return Fail
	case v.Run.Interrupted != "", undecided(d.Checks), counts[Pass]+counts[Degraded] == 0:
		return Inconclusive
	case counts[Degraded] > 0 || v.stands(d, Degraded) || len(d.Findings) > 0:
		return Degraded
	}
	return Pass
}

// undecided reports whether a check that the scenario insists on could not be judged.
func undecided(checks []CheckVerdict) bool {
	return slices.ContainsFunc(checks, func(c CheckVerdict) bool {
		return c.Verdict == Inconclusive && c.Control == "" && !c.Optional
	})
}

// stands reports whether a symptom alone makes the verdict what is given. Poor audio, and audio
// that starts late, degrades, and so does whatever concerns alone checks that never fail a run.
func (v *view) stands(d Diagnosis, verdict Verdict) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool {
		if f.Role != Symptom {
			return false
		}
		mild := f.Code == "poor-audio" || f.Code == "audio-starts-late" || onlyMild(d.Checks, f.Checks)
		return mild == (verdict == Degraded)
	})
}

func onlyMild(all []CheckVerdict, ids []string) bool {
	for _, id := range ids {
		i := slices.IndexFunc(all, func(c CheckVerdict) bool { return c.ID == id })
		if i < 0 || !all[i].mild() {
			return false
		}
	}
	return len(ids) > 0
}

// mild reports whether a failure of the check does no more than degrade the run.
func (c CheckVerdict) mild() bool { return c.Optional || c.Severity == scenarios.DegradedSeverity }

// tally counts the verdicts of the scenario's checks.
func tally(checks []CheckVerdict) map[Verdict]int {
	counts := make(map[Verdict]int)
	for _, c := range checks {
		if c.Control == "" {
			counts[c.Verdict]++
		}
	}
	return counts
}

// summarise puts the verdict into one sentence.
func summarise(v *view, d Diagnosis) string {
	counts := tally(d.Checks)
	if len(d.Findings) > 0 {
		return headline(d.Findings)
	}
	if text := overload(d.Checks); text != "" && (d.Verdict == Fail || d.Verdict == Degraded) {
		return text
	}
	switch d.Verdict {
	case Pass:
		text := v.faultless(d.Checks, counts)
		switch {
		case d.Within != "":
			text += " The client was not outside, so that the router was not tested."
		case v.Run.Embedded:
			text += " Both ends are this program, so that no router was tested."
		}
		return text
	case Fail:
		return fmt.Sprintf("%d of %s failed, and no cause can be named: %s.", counts[Fail], count(scenarioChecks(counts), "check"), those(d.Checks, Fail))
	case Degraded:
		return fmt.Sprintf("%d of %s passed with reservations: %s.", counts[Degraded], count(scenarioChecks(counts), "check"), those(d.Checks, Degraded))
	}
	switch {
	case v.Run.Interrupted != "":
		return sentence("the run ended early: " + v.Run.Interrupted)
	case v.turnedAway() != "":
		return sentence("the responder answered and would not be paired: " + v.turnedAway())
	case counts[Pass]+counts[Degraded]+counts[Inconclusive] == 0:
		return "No check was run."
	}
	return fmt.Sprintf("%d of %s could not be decided: %s.", counts[Inconclusive], count(scenarioChecks(counts), "check"), those(d.Checks, Inconclusive))
}

// maxNamed is how many checks the summary names.
const maxNamed = 3

// those names the checks with a verdict, controls aside.
func those(checks []CheckVerdict, verdict Verdict) string {
	var ids []string
	for _, c := range checks {
		if c.Verdict == verdict && c.Control == "" {
			ids = append(ids, c.ID)
		}
	}
	if more := len(ids) - maxNamed; more > 0 {
		ids = append(ids[:maxNamed], fmt.Sprintf("%d more", more))
	}
	return list(ids)
}

// faultless says what a run without fault has shown.
func (v *view) faultless(checks []CheckVerdict, counts map[Verdict]int) string {
	passed := make(map[scenarios.Kind]int)
	for _, c := range checks {
		if c.Verdict == Pass && c.Control == "" {
			passed[c.Kind]++
		}
	}
	ports := passed[scenarios.SweepKind] + passed[scenarios.PortKind]
	open := "every port that could be tried is open"
	if slices.ContainsFunc(checks, func(c CheckVerdict) bool { return c.Port != nil && c.Port.Expect == scenarios.ExpectClosed }) {
		open = "every port that could be tried is as it must be"
	}
	shown := "Everything that was tried worked"
	switch {
	case v.plantsSilence():
		shown = "Audio went wherever it can with these settings,"
	case passed[scenarios.TLSKind] == counts[Pass]:
		shown = "TLS and certificates are in order"
	case passed[scenarios.LoadKind] == counts[Pass]:
		return withstood(checks)
	case passed[scenarios.ServerKind]+passed[scenarios.ProviderKind] == counts[Pass]:
		shown = "Every server that was asked answered"
	case passed[scenarios.SizeKind]+passed[scenarios.DSCPKind] == counts[Pass]:
		shown = "Large and marked packets passed"
	case ports == counts[Pass]:
		shown = strings.ToUpper(open[:1]) + open[1:]
	case passed[scenarios.NATKind] == counts[Pass]:
		shown = "How the NATs behave was measured"
	case passed[scenarios.CallKind] > 0 && ports > 0:
		shown = "SIP and audio went both ways, and " + open + ","
	case passed[scenarios.CallKind] > 0:
		shown = "SIP and audio went both ways"
	}
	if counts[Skipped] == 0 && counts[Pass] == 1 {
		return sentence(strings.TrimSuffix(shown, ","))
	}
	if counts[Skipped] == 0 {
		return fmt.Sprintf("%s in all of %s.", shown, count(counts[Pass], "check"))
	}
	return fmt.Sprintf("%s in %s; %d more were skipped.", shown, count(counts[Pass], "check"), counts[Skipped])
}

func scenarioChecks(counts map[Verdict]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// headline is the first finding, with the most upstream cause that explains it.
func headline(findings []Finding) string {
	first := findings[0]
	out, rest := sentence(first.Title), len(findings)-1
	if len(first.ExplainedBy) > 0 {
		cause := first.ExplainedBy[0]
		word := " Cause: "
		if cause.Confidence == Likely {
			word = " Likely cause: "
		}
		out, rest = out+word+sentence(cause.Title), rest-1
	}
	if rest > 0 {
		out += fmt.Sprintf(" And %s.", count(rest, "more finding"))
	}
	return out
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if c := s[0]; c >= 'a' && c <= 'z' {
		s = string(c-'a'+'A') + s[1:]
	}
	if s[len(s)-1] != '.' {
		s += "."
	}
	return s
}
