package diagnosis

import (
	"fmt"

	"bothways/rtpprobe"
)

// providerPorts are UDP ports from 1025 on that providers drop for all their customers,
// some towards them and some in both directions, since worms or attackers abuse what
// listens there: Messenger, MS-SQL, SSDP, WS-Discovery, mDNS, memcached.
func providerPorts() rtpprobe.PortSet {
	return setOf([]rtpprobe.PortRange{
		{From: 1026, To: 1029}, {From: 1434, To: 1434}, {From: 1900, To: 1900}, {From: 3702, To: 3702}, {From: 5353, To: 5353}, {From: 11211, To: 11211},
	})
}

// droppedByProviders are the gaps in which there is no other port than those.
func droppedByProviders(gaps rtpprobe.PortSet) rtpprobe.PortSet {
	var theirs []rtpprobe.PortRange
	for _, r := range gaps.Ranges() {
		if rtpprobe.PortRangeSet(r).Minus(providerPorts()).IsZero() {
			theirs = append(theirs, r)
		}
	}
	return setOf(theirs)
}

// ofProviders says whose filter gaps may be that providers have, empty where there are
// none of these; all reports whether there are no others.
func (s sweep) ofProviders(gaps rtpprobe.PortSet) (note []string, all bool) {
	theirs := droppedByProviders(gaps)
	if theirs.IsZero() {
		return nil, false
	}
	return []string{fmt.Sprintf("%s: UDP %s is what many providers drop for all their customers, since it is abused; that may be the provider of either end.",
		s.check.ID, portWords(theirs, maxRangesInRow))}, theirs.Equal(gaps)
}
