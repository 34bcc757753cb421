package diagnosis

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/scenarios"
)

// A call is one call that was tried, with its two directions of audio.
type call struct {
	check   *evidence.Check
	facts   *evidence.CallFacts
	in, out leg
	// clocks are the samples of the run, which show round trips of SIP.
	clocks []evidence.ClockSample
}

func (v *view) newCall(c *evidence.Check) call {
	f, ev := c.CallFacts, v.Evidence
	out := call{
		check: c, facts: f, clocks: ev.Clocks,
		in:  newLeg(ev, c, scenarios.Inbound, f.Client, f.Responder),
		out: newLeg(ev, c, scenarios.Outbound, f.Responder, f.Client),
	}
	if c.Call == nil || !c.Call.Lively() {
		in := out.in
		out.in.interrupt(out.out)
		out.out.interrupt(in)
		out.in.beginBroken(out.out)
		v.endBroken(&out)
	}
	return out
}

// established reports whether both ends saw the call set up.
func (c call) established() bool {
	return c.facts.Client != nil && c.facts.Responder != nil && c.facts.Client.Established && c.facts.Responder.Established
}

// caller is the end that placed the call, nil when its record is missing.
func (c call) caller() *evidence.CallEnd {
	if c.check.Direction == scenarios.Outbound {
		return c.facts.Responder
	}
	return c.facts.Client
}

// legs are the directions, inbound first.
func (c call) legs() []leg { return []leg{c.in, c.out} }

// sentBy is the direction of which an end is the sender.
func (c call) sentBy(name string) leg {
	if name == "client" {
		return c.in
	}
	return c.out
}

// leg returns one direction.
func (c call) leg(d scenarios.Direction) leg {
	if d == scenarios.Outbound {
		return c.out
	}
	return c.in
}

// maxLoss is the loss in percent above which the scenario calls audio poor.
func (c call) maxLoss() float64 {
	if c.check.Call == nil {
		return scenarios.DefaultMaxLossPercent
	}
	return c.check.Call.MaxLossPercent
}

// behaviour is what one side was told to do; the zero value when nothing is known.
func (c call) behaviour(inside bool) scenarios.Behaviour {
	switch {
	case c.check.Call == nil:
		return scenarios.Behaviour{}
	case inside:
		return c.check.Call.Responder
	}
	return c.check.Call.Client
}

// foreign reports whether the far side cannot reach a media address: it is private,
// and not the address at which the client reaches the site.
func foreign(ev *evidence.Evidence, a netip.Addr) bool {
	return network.Private(a) && a.Unmap() != ev.Run.Address.Unmap() && ev.Run.Address.IsValid() && !ev.Run.Address.IsLoopback()
}
