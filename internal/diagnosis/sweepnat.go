package diagnosis

import (
	"fmt"

	"bothways/rtpprobe"
)

// minLostBehindNAT is how many of the ports that were tried from behind the client's own
// NAT must be lost one after the other, so that it is no whim of that NAT: more than were
// tried side by side, and twice that.
const minLostBehindNAT = 20

// behindOwnNAT weakens the verdict on ports that the client had to open in a NAT of its
// own first: that NAT may have given any of them to somebody else, or may have forgotten
// some. Lost ports count only where they are many in a row; and what comes from a source that
// the site's NAT changes finds the client's NAT shut, which is no filter on the source.
func (s *sweep) behindOwnNAT() {
	s.SilentSources = rtpprobe.PortSet{}
	tried := passed(s.SweepVerdict).Union(s.RequestLost).Union(s.Inconclusive)
	var row []uint16
	firm := rtpprobe.PortSet{}
	flush := func() {
		if len(row) >= minLostBehindNAT {
			for _, port := range row {
				firm.Add(port)
			}
		}
		row = row[:0]
	}
	for port := range tried.All() {
		if s.RequestLost.Contains(port) {
			row = append(row, port)
		} else {
			flush()
		}
	}
	flush()
	if s.arrived().IsZero() {
		firm = rtpprobe.PortSet{}
	}
	s.Inconclusive = s.Inconclusive.Union(s.RequestLost.Minus(firm))
	s.RequestLost = firm
}

// shutBehindNAT reports whether a sweep from behind the client's own NAT proved nothing,
// since hardly a packet came through: then nobody knows which NAT or firewall it was.
func (s sweep) shutBehindNAT() bool { return s.facts.OwnNAT != nil && s.facts.OwnNAT.Shut }

// span is a set in words' place: of a sample that was tried from behind the client's own
// NAT, what lies between ports that share a fate, without those that were not tried.
func (s sweep) span(ports rtpprobe.PortSet) rtpprobe.PortSet {
	if s.facts.OwnNAT == nil {
		return ports
	}
	return gaps(ports, s.untried)
}

// sized names ports of the sweep and how many they are; of a sample, where they lie.
func (s sweep) sized(ports rtpprobe.PortSet) string {
	if s.facts.OwnNAT == nil {
		return sized(ports)
	}
	return fmt.Sprintf("%s (%s)", amount(ports.Len(), "port"), portWords(s.span(ports), maxRanges))
}

// sampled says that the ports were some of all.
func (s sweep) sampled() string {
	if s.facts.OwnNAT == nil {
		return ""
	}
	return fmt.Sprintf("%s of %s tried from behind the client's own NAT: ", grouped(s.facts.Sent.Ports.Len()), amount(s.all.Len(), "port"))
}
