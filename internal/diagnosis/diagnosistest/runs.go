package diagnosistest

import (
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// A Run is named evidence.
type Run struct {
	Name     string
	Evidence *evidence.Evidence
}

func makeRuns() []Run {
	udp := []sipprobe.Transport{sipprobe.UDP}
	return slices.Concat([]Run{
		{"clean", Site{}.Run()},
		{"udp-not-forwarded", Site{Closed: udp}.Run()},
		{"tls-not-forwarded", Site{Closed: []sipprobe.Transport{sipprobe.TLS}}.Run()},
		{"rtp-not-forwarded-primed", Site{ColdShut: true}.Run()},
		{"rtp-not-forwarded", Site{InShut: true, Control: true}.Run()},
		{"outbound-rtp-dropped", Site{OutShut: true}.Run()},
		{"no-audio", Site{InShut: true, OutShut: true, Transports: udp}.Run()},
		{"poor-audio", Site{Loss: 30}.Run()},
		{"private-address-strict", Site{Private: true, Control: true, Transports: udp, Scenario: "private-address"}.Run()},
		{"private-address-latching", Site{Private: true, Latch: true, Transports: udp, Scenario: "private-address-latching"}.Run()},
		{"client-behind-nat", Site{ClientNAT: true}.Run()},
		{"carrier-nat", Site{Off: true}.Run()},
		{"silent", Site{Silent: true, Transports: udp}.Run()},
		{"looped", Site{Looped: true, Transports: udp}.Run()},
		{"latching-needed", LatchingNeeded()},
		{"stranger", Stranger()},
		{"wrong-key", WrongKey()},
		{"version-mismatch", VersionMismatch()},
		{"interrupted", Interrupted()},
		{"local-send-errors", LocalSendErrors()},
		{"local-no-socket", LocalNoSocket()},
	}, pathRuns(), sweepRuns(), idleRuns(), endRuns(), behaviourRuns(), tlsRuns(), portRuns(), heldRuns(), nameRuns(), natRuns(), secondRuns(), packetRuns(), edgeRuns(), rankedRuns(), loadRuns(), moveRuns(), inviteRuns(), serverRuns())
}

// LatchingNeeded is a run at a site that rewrites the responder's media port, so that
// the client's audio arrives only if the client follows it.
func LatchingNeeded() *evidence.Evidence { return latchingNeeded(nil) }

func latchingNeeded(path Path) *evidence.Evidence {
	ev := Site{Control: true, InShut: true, Transports: []sipprobe.Transport{sipprobe.UDP}, Path: path}.Run()
	for i := range ev.Checks {
		f := ev.Checks[i].CallFacts
		if f == nil {
			continue
		}
		if ev.Checks[i].Control == "" {
			continue
		}
		to := netip.AddrPortFrom(Public, 61_234)
		carry(f.Client, f.Responder, to, talkPackets, talkPackets)
		f.Client.Media.LatchedTo = &to
	}
	return ev
}

// Stranger is a run in which something else answers at the port for UDP.
func Stranger() *evidence.Evidence {
	ev := Site{Closed: []sipprobe.Transport{sipprobe.UDP}}.Run()
	for _, x := range []*sipprobe.Exchange{ev.Pairing.Attempts[0].Exchange, &ev.Checks[0].Options.Exchange} {
		x.Outcome, x.Status, x.Reason, x.Server = sipprobe.Unproven, 403, "Forbidden", "AdapterOS 7.2"
	}
	return ev
}

// locked is a run that ended at the first contact.
func locked(change func(*sipprobe.Exchange)) *evidence.Evidence {
	ev := Site{}.Run()
	ev.Responder, ev.Run.Responder, ev.Pairing.Transport, ev.Pairing.ClientBehindNAT = nil, nil, "", nil
	for i := range ev.Pairing.Attempts {
		change(ev.Pairing.Attempts[i].Exchange)
	}
	for i := range ev.Checks {
		c := &ev.Checks[i]
		*c = evidence.Check{Check: c.Check, Skipped: "the responder was not reached"}
	}
	return ev
}

// WrongKey is a run with a key that is not the responder's.
func WrongKey() *evidence.Evidence {
	return locked(func(x *sipprobe.Exchange) {
		x.Outcome, x.Status, x.Reason, x.Error = sipprobe.WrongKey, 401, "Unauthorized", "the key is wrong"
	})
}

// VersionMismatch is a run against a responder of another protocol version.
func VersionMismatch() *evidence.Evidence {
	return locked(func(x *sipprobe.Exchange) {
		x.Outcome, x.Status, x.Reason = sipprobe.Refused, 415, "Unsupported Media Type"
		x.Accepts, x.Server = "application/vnd.bothways.v2+json", "bothways-responder/0.9.0"
	})
}

// Interrupted is a run whose responder vanished in the first call.
func Interrupted() *evidence.Evidence {
	ev := Site{}.Run()
	ev.Run.Interrupted = "the responder cannot be reached any more"
	ev.Responder = nil
	called := false
	for i := range ev.Checks {
		c := &ev.Checks[i]
		switch {
		case c.CallFacts == nil:
		case called:
			c.CallFacts, c.Skipped = nil, "the run ended before it"
		default:
			called = true
			c.CallFacts.Responder, c.CallFacts.Missing = nil, "the responder cannot be reached any more"
			c.CallFacts.Client.Media.Received = rtpprobe.Received{}
		}
	}
	return ev
}

// LocalSendErrors is a run on a machine whose own firewall forbids it to send audio.
func LocalSendErrors() *evidence.Evidence {
	ev := Site{InShut: true}.Run()
	for i := range ev.Checks {
		if f := ev.Checks[i].CallFacts; f != nil {
			sent := &f.Client.Media.Sent
			sent.Errors = []rtpprobe.ErrorCount{{Kind: "not-permitted", Count: sent.Packets}}
			sent.Packets, sent.Bytes, sent.Destinations = 0, 0, nil
		}
	}
	return ev
}

// LocalNoSocket is a run whose responder could not bind its port for UDP.
func LocalNoSocket() *evidence.Evidence {
	ev := Site{Closed: []sipprobe.Transport{sipprobe.UDP}}.Run()
	for i := range ev.Responder.Sockets {
		if s := &ev.Responder.Sockets[i]; s.Transport == sipprobe.UDP {
			s.Error = "address already in use"
		}
	}
	return ev
}
