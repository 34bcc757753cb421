package diagnosis

import (
	"fmt"
	"slices"
	"time"

	"bothways/scenarios"
	"bothways/sipprobe/tlsprobe"
)

// clocks are what the time was when the client's clock said so: by a time server that
// this run has asked, else by the client's clock, and then by the responder's as well;
// that is zero where nobody knows or needs it.
func (v *view) clocks(client time.Time) (now, inside time.Time) {
	if off, ok := v.timeServer(scenarios.Inbound); ok {
		return client.Add(off), inside
	}
	ahead, ok := v.offset(client)
	if !ok {
		return client, inside
	}
	inside = client.Add(milliseconds(ahead.ms))
	if off, ok := v.timeServer(scenarios.Outbound); ok {
		return inside.Add(off), time.Time{}
	}
	return client, inside
}

// timeServer is what must be added to the clock of the end that asks in a direction, as a
// time server of this run says; false where none does.
func (v *view) timeServer(d scenarios.Direction) (off time.Duration, ok bool) {
	for i := range v.Checks {
		c := &v.Checks[i]
		if c.ServerFacts == nil || c.Direction != d {
			continue
		}
		for _, t := range c.ServerFacts.Trials {
			if t.NTP != nil && t.NTP.OffsetMs != nil && !t.NTP.Unsynchronised {
				off, ok = milliseconds(*t.NTP.OffsetMs), true
			}
		}
	}
	return off, ok
}

// compare takes out what the clocks do not agree about: whether a certificate is valid
// already, and still.
func (p *tlsPort) compare(inside []tlsprobe.Issue) {
	dated := func(i tlsprobe.Issue) bool { return i.Code == tlsprobe.Expired || i.Code == tlsprobe.NotYetValid }
	only := func(all, others []tlsprobe.Issue) (out []tlsprobe.Issue) {
		for _, i := range all {
			if dated(i) && !slices.ContainsFunc(others, func(o tlsprobe.Issue) bool { return o.Code == i.Code && *o.Certificate == *i.Certificate }) {
				out = append(out, i)
			}
		}
		return out
	}
	outside := only(p.issues, inside)
	p.disputed = append(slices.Clone(outside), only(inside, p.issues)...)
	p.issues = slices.DeleteFunc(p.issues, func(i tlsprobe.Issue) bool {
		return slices.ContainsFunc(outside, func(o tlsprobe.Issue) bool { return o.Certificate == i.Certificate })
	})
}

// result is what the server showed, at the time that counts.
func (p tlsPort) result() tlsprobe.Result {
	r := p.facts.Result
	if !p.now.IsZero() {
		r.Time = p.now
	}
	return r
}

// dispute says what the clocks do not agree about.
func (p tlsPort) dispute() string {
	c := p.facts.Result.Chain[*p.disputed[0].Certificate]
	return fmt.Sprintf("whether %s is valid now, which it is from %s to %s, is not known: %s", c.Name(), minute(c.NotBefore), minute(c.NotAfter), p.bothTimes())
}

func (p tlsPort) bothTimes() string {
	return fmt.Sprintf("by the client's clock it was %s, by the responder's %s", minute(p.now), minute(p.inside))
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// datesNeeds: the clocks do not agree about what a rule is for, or see certificateNeeds.
func datesNeeds(v *view, code string) string {
	for _, p := range v.tls {
		if slices.ContainsFunc(p.disputed, func(i tlsprobe.Issue) bool { return TLSCode(i.Code) == code }) {
			return "two clocks that are right: " + p.bothTimes()
		}
	}
	return certificateNeeds(v)
}
