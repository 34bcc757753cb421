package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The ports of a sweep that names none: the RTP range of the vendors' tables inbound,
// and outbound whatever the far side may have chosen.
const (
	DefaultInboundPorts  = "10000-20000"
	DefaultOutboundPorts = "1025-65535"
)

// Bounds of a sweep.
const (
	// MinRatePPS and MaxRatePPS bound the pace, in probes a second.
	MinRatePPS, MaxRatePPS = 10, 1_000_000
	// MinProbeBytes holds what a probe says, MaxProbeBytes fits an Ethernet frame.
	MinProbeBytes, MaxProbeBytes = 96, 1400
	// MaxPortRanges bounds the ranges of one sweep: an order with them is one datagram.
	MaxPortRanges = 32
)

// CheckSweep says what is wrong with a sweep, nil when nothing is.
func CheckSweep(s Sweep) error {
	if err := checkPorts(s.Ports); err != nil {
		return err
	}
	if s.RatePPS != 0 && (s.RatePPS < MinRatePPS || s.RatePPS > MaxRatePPS) {
		return fmt.Errorf("rate: %d is not between %d and %d probes a second", s.RatePPS, MinRatePPS, MaxRatePPS)
	}
	if s.ProbeBytes != 0 && (s.ProbeBytes < MinProbeBytes || s.ProbeBytes > MaxProbeBytes) {
		return fmt.Errorf("probe_bytes: %d is not between %d and %d", s.ProbeBytes, MinProbeBytes, MaxProbeBytes)
	}
	return nil
}

func checkPorts(ports string) error {
	ranges := strings.Split(ports, ",")
	if len(ranges) > MaxPortRanges {
		return fmt.Errorf("ports: %d ranges are more than %d", len(ranges), MaxPortRanges)
	}
	for _, r := range ranges {
		first, last, found := strings.Cut(r, "-")
		if !found {
			last = first
		}
		from, ok := portOf(first)
		to, ok2 := portOf(last)
		if ok && ok2 && from > to {
			return fmt.Errorf("ports: %q begins above its end", r)
		}
		if !ok || !ok2 {
			return fmt.Errorf(`ports: %q is neither a port from 1 to 65535 nor a range such as "10000-20000"`, r)
		}
	}
	return nil
}

// portOf reads a port as people write it: digits, and no more.
func portOf(s string) (port uint64, ok bool) {
	port, err := strconv.ParseUint(s, 10, 16)
	return port, err == nil && port != 0 && s == strconv.FormatUint(port, 10)
}

// sweep makes the check of a sweep, whose id is as written: it has no transport but UDP.
func (c fileCheck) sweep(base Check) ([]Check, error) {
	if len(c.Transports) > 0 {
		return nil, errors.New("transports: a sweep is UDP")
	}
	s := Sweep{Ports: c.Ports}
	if s.Ports == "" {
		s.Ports = DefaultInboundPorts
		if base.Direction == Outbound {
			s.Ports = DefaultOutboundPorts
		}
	}
	if c.Rate != nil {
		if s.RatePPS = *c.Rate; s.RatePPS == 0 {
			return nil, errors.New("rate: 0 probes a second are none; leave it out for the default")
		}
	}
	if c.ProbeBytes != nil {
		if s.ProbeBytes = *c.ProbeBytes; s.ProbeBytes == 0 {
			return nil, errors.New("probe_bytes: 0 is too few; leave it out for the default")
		}
	}
	if err := CheckSweep(s); err != nil {
		return nil, err
	}
	base.ID, base.Transport, base.Sweep = c.ID, "udp", &s
	return []Check{base}, nil
}
