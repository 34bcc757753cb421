package call_test

import (
	"net/netip"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/scenarios"
)

// TestBehaviours has the two ends of a call behave in every way: far is the site, which is called.
func TestBehaviours(t *testing.T) {
	type ends struct{ near, far evidence.CallEnd }
	heard := func(e evidence.CallEnd) bool { return e.Media.Received.ToneHeardMS > 1200 }
	digits := func(e evidence.CallEnd) (s string) {
		for _, d := range e.Media.Received.Digits {
			s += d.Digit
		}
		return s
	}
	for name, row := range map[string]struct {
		change func(c *scenarios.Call)
		want   func(ends) bool
	}{
		"as usual": {func(*scenarios.Call) {}, func(e ends) bool { return heard(e.near) && heard(e.far) && e.near.Media.RTCP.RoundTripMS != nil }},
		"mux": {func(c *scenarios.Call) { c.Client.RTCP, c.Responder.RTCP = scenarios.RTCPMux, scenarios.RTCPMux },
			func(e ends) bool { return heard(e.far) && *e.far.Media.RTCP.Source == e.near.Media.Local }},
		"no RTCP": {func(c *scenarios.Call) { c.Responder.RTCP = scenarios.RTCPNone },
			func(e ends) bool {
				return heard(e.far) && e.near.Media.RTCP.Received == 0 && e.far.Media.RTCP.SentSR == 0
			}},
		"ptime": {func(c *scenarios.Call) { c.Client.PtimeMs, c.Responder.PtimeMs = 30, 40 },
			func(e ends) bool {
				return heard(e.far) && heard(e.near) && e.near.Media.Sent.Packets == 50 && e.far.Media.PtimeMS == 40
			}},
		"g722": {func(c *scenarios.Call) { c.Codec = "g722" },
			func(e ends) bool {
				return e.far.Media.Received.OpaqueMS > 1200 && e.near.Media.Received.OpaqueMS > 1200 && !heard(e.far)
			}},
		"opus": {func(c *scenarios.Call) { c.Codec = "opus" },
			func(e ends) bool { return e.far.Media.Received.OpaqueMS > 1200 && !heard(e.far) }},
		"strict": {func(c *scenarios.Call) { c.Responder.Latch, c.Responder.Probation = scenarios.LatchStrict, 3 },
			func(e ends) bool {
				return heard(e.far) && heard(e.near) && *e.far.Media.LatchedTo == e.near.Media.Local
			}},
		"another source port": {func(c *scenarios.Call) { c.Responder.SourcePort = scenarios.OtherPort },
			func(e ends) bool {
				return heard(e.far) && e.near.Media.Received.Sources[0].Address == *e.far.Media.Sent.From
			}},
		"another source port, followed": {func(c *scenarios.Call) {
			c.Responder.SourcePort, c.Client.Latch = scenarios.OtherPort, scenarios.LatchAlways
		}, func(e ends) bool { return !heard(e.far) && e.far.Media.Received.AtSendPort > 60 && heard(e.near) }},
		"zero address": {func(c *scenarios.Call) { c.Responder.MediaAddress = scenarios.ZeroAddress },
			func(e ends) bool {
				return e.far.Media.Received.Packets == 0 && refused(e.near) == "0.0.0.0" && heard(e.near)
			}},
		"wrong address": {func(c *scenarios.Call) { c.Responder.MediaAddress = scenarios.WrongAddress },
			func(e ends) bool {
				return e.near.Media.Sent.Packets == 0 && refused(e.near) == "192.0.2.254" && heard(e.near)
			}},
		"wrong address, latched": {func(c *scenarios.Call) {
			c.Responder.MediaAddress, c.Client.Latch = scenarios.WrongAddress, scenarios.LatchFirstPacket
		}, func(e ends) bool { return heard(e.far) && *e.near.Media.LatchedTo == e.far.Media.Local }},
		"RTCP at another port": {func(c *scenarios.Call) {
			c.Responder.RTCP, c.Client.Latch = scenarios.RTCPOtherPort, scenarios.LatchNever
		},
			func(e ends) bool {
				to := e.far.Media.RTCP // what the near end sends finds it
				return to.Received > 0 && e.near.Media.RTCP.Source.Port() != e.far.Media.Local.Port()+1 && heard(e.far)
			}},
		"digits": {func(c *scenarios.Call) { c.Client.DTMF, c.Responder.DTMF = "1*", "42" },
			func(e ends) bool {
				return digits(e.far) == "1*" && digits(e.near) == "42" && e.far.Media.Received.Digits[1].Ends == 3
			}},
		"gap": {func(c *scenarios.Call) { c.Client.GapMs = 200 },
			func(e ends) bool {
				return e.near.Media.Sent.SuppressedMS == 200 && *e.far.Media.Received.Lost == 0 && e.near.Media.Sent.Packets == 65
			}},
		"comfort noise": {func(c *scenarios.Call) { c.Responder.GapMs, c.Responder.GapBy = 200, scenarios.ComfortNoise },
			func(e ends) bool { return e.near.Media.Received.ComfortNoise == 1 && *e.near.Media.Received.Lost == 0 }},
		"SRTP": {func(c *scenarios.Call) { c.SRTP = true },
			func(e ends) bool {
				return heard(e.far) && heard(e.near) && e.near.Media.SRTP && e.near.Media.RTCP.Unauthenticated == 0 && e.far.Media.RTCP.ReceivedSR > 0
			}},
		"a wrong key": {func(c *scenarios.Call) { c.SRTP, c.Responder.SRTPKey = true, scenarios.WrongKey },
			func(e ends) bool {
				return heard(e.far) && e.near.Media.Received.Unauthenticated > 60 && e.near.Media.Received.Packets == 0
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := side(false, 1500*time.Millisecond), side(true, 1500*time.Millisecond)
			row.change(from.Check.Call)
			*to.Check.Call = *from.Check.Call
			told(&from, from.Check.Call.Client)
			told(&to, to.Check.Call.Responder)
			placed, answered := both(t, t.Context(), t.Context(), from, to)
			if placed.Fault+answered.Fault != "" || placed.Media == nil || answered.Media == nil || !row.want(ends{placed, answered}) {
				t.Errorf("near %+v\n%+v\nfar %+v\n%+v", placed, placed.Media, answered, answered.Media)
			}
			for who, end := range map[string]evidence.CallEnd{"near": placed, "far": answered} {
				ms := end.FirstPacketMs
				if none := end.Media.Received.Packets == 0; none != (ms == nil) || !none && (*ms < -100 || *ms > 500) {
					t.Errorf("%s: the first packet came %v ms after the answer", who, ms)
				}
			}
		})
	}
}

// told has a side behave as a scenario says, beside what it does anyway.
func told(s *call.Setup, b scenarios.Behaviour) {
	if b.MediaAddress == "" {
		b.MediaAddress = s.Behaviour.MediaAddress
	}
	if b.Latch == "" {
		b.Latch = s.Behaviour.Latch
	}
	b.Audio, b.Rport = s.Behaviour.Audio, s.Behaviour.Rport
	s.Behaviour = b
}

// refused is the host that an end would not send to.
func refused(end evidence.CallEnd) string {
	for _, d := range end.Media.Sent.RefusedDestinations {
		return d.Address.Addr().String()
	}
	return netip.Addr{}.String()
}
