package diagnosis

import (
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

func (v *view) judgeOptions(out *CheckVerdict, f *evidence.OptionsFacts) {
	t := try{check: out.ID, connect: f.Connect, exchange: &f.Exchange}
	out.RTTMs = f.Exchange.RTTMs
	out.Summary = t.ended(sipprobe.Transport(out.Transport))
	out.Verdict = v.reached(t, out)
}

// reached judges a request that should have been accepted.
func (v *view) reached(t try, out *CheckVerdict) Verdict {
	c := v.contact(out.Transport)
	switch {
	case t.exchange.Outcome == sipprobe.Accepted:
		return Pass
	case t.local() || t.exchange.Outcome == sipprobe.WrongKey:
		return Inconclusive
	case !c.works && v.unbound(c.transport):
		out.Summary += "; the responder could not listen there"
		return Inconclusive
	case c.works && v.vanished():
		out.Summary += "; the responder was gone before the run was over"
		return Inconclusive
	}
	return Fail
}

// vanished reports whether the run ended early without a word of the responder, so
// that nobody knows how long it was there.
func (v *view) vanished() bool { return v.Run.Interrupted != "" && v.Responder == nil }

// unbound reports whether the responder wanted to listen over a transport and no
// socket of it could be bound.
func (v *view) unbound(t sipprobe.Transport) bool { return unbound(v.Responder, t) }

func unbound(l *evidence.Ledger, t sipprobe.Transport) bool {
	if l == nil || l.Listening(t) {
		return false
	}
	for _, s := range l.Sockets {
		if s.Transport == t && s.Error != "" {
			return true
		}
	}
	return false
}
