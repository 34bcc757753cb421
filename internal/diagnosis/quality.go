package diagnosis

import "bothways/rtpprobe"

// packetDelayMs is what an end adds to the way of the packets: one packet of 20 ms
// before it is sent, and as much in the jitter buffer beside twice the jitter.
const packetDelayMs = 40

// A quality is how a direction sounds by the E-model (ITU-T G.107); null is unknown.
type quality struct {
	roundTripMs, burstRatio, r, mos *float64
}

// quality estimates how a direction sounds. The delay is half the round trip, which is
// that of RTCP, or else of the call's INVITE.
func (c call) quality(l leg) (q quality) { return c.qualityWithout(l, 0) }

// qualityWithout is the same without some of the jitter, in milliseconds.
func (c call) qualityWithout(l leg, jitterMs float64) (q quality) {
	lost := l.judgedPercent()
	q.roundTripMs = c.roundTrip()
	if l.state != alive || lost == nil || l.receiver.Media.Received.OpaqueMS > 0 {
		return q // the figures are those of G.711
	}
	q.burstRatio = l.burstRatio(*lost)
	if q.roundTripMs == nil {
		return q
	}
	i := rtpprobe.Impairments{LossPercent: *lost, DelayMS: *q.roundTripMs/2 + packetDelayMs}
	if j := l.jitter(); j != nil {
		i.DelayMS += 2 * max(*j-jitterMs, 0)
	}
	if q.burstRatio != nil {
		i.BurstRatio = *q.burstRatio
	}
	r := i.R()
	q.r, q.mos = new(r), new(rtpprobe.MOS(r))
	return q
}

// audio is what was measured of a direction, with how it sounds.
func (v *view) audio(c call, l leg) *Audio {
	a, q := l.audio(), c.quality(l)
	a.RoundTripMs, a.BurstRatio, a.RFactor, a.MOS = q.roundTripMs, q.burstRatio, q.r, q.mos
	if d := v.delay(l); d != nil {
		a.OneWayDelayMs, a.OneWayDelayErrorMs = &d.ms, &d.errorMs
	}
	return a
}

// signalledMs is how far from a call in time a round trip of SIP may be.
const signalledMs = 20_000

// roundTrip is the best that is known, null when nothing is. That of an INVITE which was sent again counts the
// time until then; requests near the call that were sent once do not.
func (c call) roundTrip() *float64 {
	var best *float64
	shorter := func(ms *float64) {
		if ms != nil && (best == nil || *ms < *best) {
			best = ms
		}
	}
	for _, end := range c.facts.Ends() {
		if end.Media != nil {
			shorter(end.Media.RTCP.RoundTripMS)
		}
	}
	if best == nil {
		if caller := c.caller(); caller != nil && caller.Invite != nil {
			shorter(caller.Invite.RTTMs)
		}
		for _, s := range c.clocks {
			if best != nil && c.facts.Client != nil && s.At.Sub(c.facts.Client.Opened()).Abs() <= milliseconds(signalledMs) {
				shorter(new(2 * s.ErrorMs))
			}
		}
	}
	return best
}

// burstRatio is the mean length of a run of lost packets over that of random loss
// (ITU-T G.107 section 3.6); null without loss between packets that arrived.
func (l leg) burstRatio(lostPercent float64) *float64 {
	r := l.receiver.Media.Received
	if r.LossRuns <= 0 || r.Lost == nil || *r.Lost <= 0 || lostPercent >= 100 {
		return nil
	}
	return new(float64(*r.Lost) / float64(r.LossRuns) * (1 - lostPercent/100))
}
