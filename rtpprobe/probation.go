package rtpprobe

import "net/netip"

// defaultProbation is that of Asterisk's strictrtp.
const defaultProbation = 4

// A probation is what LatchStrict knows of sources. The zero value knows none.
type probation struct {
	settled   netip.AddrPort // the only source that is taken; invalid while there is none
	candidate netip.AddrPort
	next      uint16
	inARow    int
}

// pass reports whether a packet may be taken. Until a source has brought so many packets in a row, those
// from the address that the far end has named are.
func (q *probation) pass(p packet, named *netip.AddrPort, wanted int) bool {
	if q.settled.IsValid() {
		return p.from == q.settled
	}
	if p.from != q.candidate || p.rtp.SequenceNumber != q.next {
		q.candidate, q.inARow = p.from, 0
	}
	q.next = p.rtp.SequenceNumber + 1
	if q.inARow++; q.inARow >= wanted {
		q.settled = p.from
		return true
	}
	return named != nil && *named == p.from
}
