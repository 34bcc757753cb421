package diagnosis

import (
	"fmt"

	"bothways/scenarios"
)

// asymmetric: an end sends its audio from another port than the one it listens on, and the other end, which follows
// the source of what it hears, sends to where nobody listens.
func asymmetric(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: asymmetricWords(d)}
		for _, c := range v.established() {
			if a, ok := c.followedAstray(d); ok {
				f.tell(a)
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// asymmetricWords names the end that sends from another port: the one that hears nothing.
func asymmetricWords(d scenarios.Direction) values {
	if d == scenarios.Inbound {
		return values{"who": "responder", "role": "PBX", "other": "client"}
	}
	return values{"who": "client", "role": "far side", "other": "responder"}
}

// followedAstray reports whether a direction is dead, or fell silent, because its sender went to the port that the
// other end only sends from.
func (c call) followedAstray(d scenarios.Direction) (account, bool) {
	l := c.leg(d)
	if l.state == unknown || l.state == local || c.carried(d) {
		return account{}, false
	}
	from, to := l.receiver.Media.Sent.From, l.sender.Media.LatchedTo
	if from == nil || to == nil || l.receiver.Advertised == nil {
		return account{}, false
	}
	aside := l.receiver.Media.Received.AtSendPort
	if to.Port() == l.receiver.Advertised.Port() || aside < minPackets && l.received > 0 {
		return account{}, false
	}
	sender, receiver := l.ends()
	return account{c.check.ID, "", fmt.Sprintf(
		"the %s's SDP names port %d for media, and its audio leaves it from %s; the %s followed that to %s, and %s arrived there, where the %s does not listen",
		receiver, l.receiver.Advertised.Port(), from, sender, to, count(aside, "packet"), receiver), count(aside, "packet")}, true
}

// asymmetricNeeds: no call shows from where the responder sends.
func asymmetricNeeds(v *view) string {
	if len(v.established()) == 0 {
		return "a call that is set up, recorded at both ends"
	}
	return ""
}
