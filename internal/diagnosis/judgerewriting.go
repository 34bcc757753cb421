package diagnosis

import (
	"fmt"
	"slices"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// judgeRewriting judges the forms that went to the SIP port. Those beside are a
// control for rules, and do not count.
func (v *view) judgeRewriting(out *CheckVerdict, c *evidence.Check) {
	f := c.Rewriting
	near, far := &v.Client, v.Responder
	if c.Direction == scenarios.Outbound {
		near, far = far, near
	}
	if f.Shown == nil || far == nil {
		out.Verdict, out.Summary = Inconclusive, "nobody knows what arrived"
		if f.Missing != "" {
			out.Summary = f.Missing
		}
		return
	}
	t := sipprobe.Transport(c.Transport)
	sent, vanished, unanswered, late, unsent := 0, []string(nil), []string(nil), []string(nil), []string(nil)
	for _, s := range f.Shown {
		if s.Copies == 0 {
			unsent = append(unsent, s.Form)
			continue
		}
		sent++
		switch {
		case s.Status != 0:
		case far.Trace(s.Token, t).ReceivedRequests == 0:
			vanished = append(vanished, s.Form)
		case near != nil && near.Trace(s.Token, t).ReceivedResponses > 0:
			late = append(late, s.Form)
		default:
			unanswered = append(unanswered, s.Form)
		}
	}
	out.Verdict, out.Summary = Pass, fmt.Sprintf("%s in different forms arrived and were answered", count(sent, "request"))
	switch {
	case sent == 0:
		out.Verdict, out.Summary = Inconclusive, "no request could be sent"
	case len(vanished) > 0 && far.TapeDropped > 0:
		out.Verdict, out.Summary = Inconclusive, "the tape of what arrived is not whole"
	case len(vanished)+len(unanswered)+len(late)+len(unsent) > 0:
		out.Verdict = Fail
		if len(vanished)+len(unanswered) == 0 && len(late) > 0 { // an end stood still, and the path brought everything
			out.Verdict = Inconclusive
		}
		unsentBy := "could not be sent, because the connection had ended or answered nothing any more"
		if c.Transport == "udp" {
			unsentBy = "could not be sent by this end's own machine"
			if len(vanished)+len(unanswered) == 0 {
				out.Verdict = Inconclusive
			}
		}
		out.Summary = fmt.Sprintf("of %s in different forms", count(len(f.Shown), "request"))
		out.Summary += "; " + list(slices.DeleteFunc([]string{
			lostForms(vanished, "never arrived"), lostForms(unanswered, "arrived, and the answer was lost"),
			lostForms(late, "arrived, and the answer came when nobody waited for it any more"),
			lostForms(unsent, unsentBy),
		}, func(s string) bool { return s == "" }))
	}
}

func lostForms(names []string, what string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s (%s)", len(names), what, list(names))
}
