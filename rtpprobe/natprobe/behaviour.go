package natprobe

import (
	"net/netip"
	"slices"
)

// A Behaviour is how a NAT treats flows of one socket to several destinations, in the
// terms of RFC 4787 sections 4.1 and 5.
type Behaviour string

// The behaviours.
const (
	// Unknown is what was not varied enough to tell.
	Unknown                 Behaviour = "unknown"
	EndpointIndependent     Behaviour = "endpoint-independent"
	AddressDependent        Behaviour = "address-dependent"
	AddressAndPortDependent Behaviour = "address-and-port-dependent"
	// NoTranslation is a mapping that changes nothing: there is no NAT.
	NoTranslation Behaviour = "none"
)

// A Mapping is how addresses and ports are translated.
type Mapping struct {
	Behaviour Behaviour
	// ByPort and ByAddress report whether another port, or another address, of the
	// destination gave the socket another mapping; null when that was not varied.
	ByPort, ByAddress *bool
}

// A Filtering is what is let in to a socket that has sent to one destination.
type Filtering struct {
	Behaviour Behaviour
	// ByPort and ByAddress report whether answers from another port, or from another
	// address, than the one that was sent to are kept out; null when that was not tried,
	// or nobody knows whether such answers were sent.
	ByPort, ByAddress *bool
}

// JudgeMapping compares what the destinations of each socket saw of it. The sockets
// must be of one class; what one of them shows holds for all.
func JudgeMapping(results []Result) Mapping {
	var m Mapping
	untouched, answered := true, false
	for _, r := range results {
		var both *bool // another address and port at once
		for i, a := range r.Exchanges {
			if !a.direct() {
				continue
			}
			answered = true
			untouched = untouched && *a.Mapped == r.Local
			for _, b := range r.Exchanges[:i] {
				if !b.direct() || a.To == b.To {
					continue
				}
				differ := *a.Mapped != *b.Mapped
				sameAddr, samePort := a.To.Addr() == b.To.Addr(), a.To.Port() == b.To.Port()
				switch {
				case sameAddr:
					vary(&m.ByPort, differ)
				case samePort:
					vary(&m.ByAddress, differ)
				default:
					vary(&both, differ)
				}
			}
		}
		m.settle(both)
	}
	m.Behaviour = behaviour(m.ByPort, m.ByAddress)
	if answered && untouched {
		m.Behaviour = NoTranslation
	}
	return m
}

// settle takes in what is known of destinations that differ in address and port: the
// same mapping settles both, another one the address only where the port is no reason.
func (m *Mapping) settle(both *bool) {
	switch {
	case both == nil:
	case !*both:
		vary(&m.ByPort, false)
		vary(&m.ByAddress, false)
	case m.ByPort != nil && !*m.ByPort:
		vary(&m.ByAddress, true)
	}
}

// vary notes one comparison: a difference once seen stays.
func vary(known **bool, differ bool) {
	if *known == nil {
		*known = new(bool)
	}
	**known = **known || differ
}

// behaviour puts the two properties into one word.
func behaviour(byPort, byAddress *bool) Behaviour {
	switch {
	case byPort != nil && *byPort:
		return AddressAndPortDependent
	case byPort == nil || byAddress == nil:
		return Unknown
	case *byAddress:
		return AddressDependent
	}
	return EndpointIndependent
}

// minAnswers is how many answers must have left before their absence is a filter and
// not loss.
const minAnswers = 3

// JudgeFiltering compares what was let in with what the servers sent: heard is the
// ledger of those that share the key, null when it is missing.
func JudgeFiltering(results []Result, heard *Heard) Filtering {
	var f Filtering
	var both *bool
	for _, r := range results {
		for _, x := range r.Exchanges {
			kept, known := r.keptOut(x, heard, results)
			switch {
			case !known:
			case x.Change == ChangePort:
				vary(&f.ByPort, kept)
			case x.Change == ChangeBoth:
				vary(&both, kept)
			}
		}
	}
	switch {
	case both == nil:
	case !*both:
		if f.ByPort == nil {
			f.ByPort = new(bool)
		}
		f.ByAddress = new(bool)
	case f.ByPort != nil && !*f.ByPort:
		vary(&f.ByAddress, true)
	}
	f.Behaviour = behaviour(f.ByPort, f.ByAddress)
	return f
}

// keptOut reports whether answers from elsewhere did not arrive though they were sent;
// known is false when that cannot be told. all are the results of the same class.
func (r Result) keptOut(x Exchange, heard *Heard, all []Result) (kept, known bool) {
	switch {
	case x.Change == NoChange:
		return false, false
	case x.Answered():
		return false, *x.From != x.To // else the server has changed nothing
	case x.Refused != 0:
		return false, false
	case x.Server == "":
		return true, heard.Answers(r.seenAt(x.To), x.To, x.Change) >= minAnswers
	}
	// The ledger of somebody else's server cannot be had: it must be known to answer
	// at both of its places.
	there := func(s Result) bool {
		return s.answers(func(y Exchange) bool { return y.Server == x.Server && elsewhere(y.To, x.To, x.Change) })
	}
	here := r.answers(func(y Exchange) bool { return y.To == x.To && y.Other != nil })
	return true, x.Sent >= minAnswers && here && slices.ContainsFunc(all, there)
}

func elsewhere(a, b netip.AddrPort, c Change) bool {
	return (a.Addr() == b.Addr()) == (c == ChangePort) && a.Port() != b.Port()
}

// answers reports whether an answered plain exchange is of a kind.
func (r Result) answers(is func(Exchange) bool) bool {
	for _, y := range r.Exchanges {
		if y.direct() && is(y) {
			return true
		}
	}
	return false
}

// seenAt is how a destination saw the socket.
func (r Result) seenAt(to netip.AddrPort) netip.AddrPort {
	for _, y := range r.Exchanges {
		if y.direct() && y.To == to {
			return *y.Mapped
		}
	}
	return netip.AddrPort{}
}

// ClassicName is the name of RFC 3489 for a pair of behaviours, for people who know no
// other; empty where there is none.
func ClassicName(m Mapping, f Filtering) string {
	switch {
	case m.Behaviour == AddressDependent || m.Behaviour == AddressAndPortDependent:
		return "symmetric"
	case m.Behaviour != EndpointIndependent:
		return ""
	}
	switch f.Behaviour {
	case EndpointIndependent:
		return "full cone"
	case AddressDependent:
		return "restricted cone"
	case AddressAndPortDependent:
		return "port restricted cone"
	}
	return ""
}
