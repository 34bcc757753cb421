package rtpprobe

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A PortSet is a set of UDP or TCP ports, 1 to 65535; its zero value is empty. It is kept, and written in
// text and JSON, as ascending ranges ("10000-14321,14323"), so that a set of few ranges costs little to keep
// and to send. A copy is a set of its own: no method changes what another set holds.
//
// Add and Remove cost a copy of the ranges. Build a set of many single ports with PortSetOf.
type PortSet struct {
	ranges []PortRange // ascending, neither overlapping nor adjacent; never changed in place
}

// PortRangeSet is the set of the ports of one range; the zero range is every port.
func PortRangeSet(r PortRange) PortSet {
	var s PortSet
	if r.any() {
		r = PortRange{From: 1, To: 65535}
	}
	s.AddRange(r)
	return s
}

// PortSetOf collects ports, in any order, in time linear in their number. Port 0 is left out.
func PortSetOf(ports iter.Seq[uint16]) PortSet {
	var bits portBits
	for port := range ports {
		bits.add(port)
	}
	return bits.set()
}

// Add puts one port in. Port 0 is left out.
func (s *PortSet) Add(port uint16) { s.AddRange(PortRange{From: port, To: port}) }

// AddRange puts the ports of a range in; an inverted range holds none, and the zero range none either.
func (s *PortSet) AddRange(r PortRange) {
	if r.From == 0 {
		r.From = 1
	}
	if r.From > r.To {
		return
	}
	// Everything that touches r becomes one range with it.
	first, last := s.span(max(r.From, 1)-1, min(r.To, 65534)+1)
	if first < last {
		r.From, r.To = min(r.From, s.ranges[first].From), max(r.To, s.ranges[last-1].To)
	}
	s.splice(first, last, r)
}

// Remove takes one port out.
func (s *PortSet) Remove(port uint16) {
	first, last := s.span(port, port)
	if first == last {
		return
	}
	old := s.ranges[first]
	var rest []PortRange
	if old.From < port {
		rest = append(rest, PortRange{From: old.From, To: port - 1})
	}
	if port < old.To {
		rest = append(rest, PortRange{From: port + 1, To: old.To})
	}
	s.splice(first, last, rest...)
}

// span finds the ranges that hold a port of from to to: from first up to but without last.
func (s PortSet) span(from, to uint16) (first, last int) {
	first, _ = slices.BinarySearchFunc(s.ranges, from, func(r PortRange, from uint16) int { return int(r.To) - int(from) })
	last, _ = slices.BinarySearchFunc(s.ranges, to, func(r PortRange, to uint16) int {
		if r.From <= to {
			return -1
		}
		return 1
	})
	return first, max(first, last)
}

// splice puts ranges in the place of those from first to last, in a slice of its own.
func (s *PortSet) splice(first, last int, ranges ...PortRange) {
	s.ranges = slices.Concat(s.ranges[:first:first], ranges, s.ranges[last:])
	if len(s.ranges) == 0 {
		s.ranges = nil
	}
}

// Contains reports whether port is in the set.
func (s PortSet) Contains(port uint16) bool {
	first, last := s.span(port, port)
	return first < last
}

// Len is the number of ports in the set.
func (s PortSet) Len() int {
	n := 0
	for _, r := range s.ranges {
		n += r.Size()
	}
	return n
}

// IsZero reports whether the set is empty, so that omitzero leaves it out of JSON.
func (s PortSet) IsZero() bool { return len(s.ranges) == 0 }

// Equal reports whether both sets hold the same ports.
func (s PortSet) Equal(other PortSet) bool { return slices.Equal(s.ranges, other.ranges) }

// Ranges lists the set as ascending ranges that do not touch.
func (s PortSet) Ranges() []PortRange { return slices.Clone(s.ranges) }

// All yields the ports in ascending order.
func (s PortSet) All() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, r := range s.ranges {
			for port := int(r.From); port <= int(r.To); port++ {
				if !yield(uint16(port)) {
					return
				}
			}
		}
	}
}

// Union is the set of the ports that are in either.
func (s PortSet) Union(other PortSet) PortSet {
	switch {
	case other.IsZero():
		return s
	case s.IsZero():
		return other
	}
	return s.combine(other, func(a, b uint64) uint64 { return a | b })
}

// Minus is the set of the ports that are in s and not in other.
func (s PortSet) Minus(other PortSet) PortSet {
	if s.IsZero() || other.IsZero() {
		return s
	}
	return s.combine(other, func(a, b uint64) uint64 { return a &^ b })
}

// Intersect is the set of the ports that are in both.
func (s PortSet) Intersect(other PortSet) PortSet {
	if s.IsZero() || other.IsZero() {
		return PortSet{}
	}
	return s.combine(other, func(a, b uint64) uint64 { return a & b })
}

func (s PortSet) combine(other PortSet, word func(a, b uint64) uint64) PortSet {
	a, b := bitsOf(s), bitsOf(other)
	for i := range a {
		a[i] = word(a[i], b[i])
	}
	return a.set()
}

// String is the ranges with commas between them, "" for the empty set.
func (s PortSet) String() string {
	text, _ := s.AppendText(nil) // it cannot fail
	return string(text)
}

// AppendText appends the form of String.
func (s PortSet) AppendText(b []byte) ([]byte, error) {
	for i, r := range s.ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r.String()...)
	}
	return b, nil
}

// MarshalText gives the form of String.
func (s PortSet) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// UnmarshalText reads the form of String. Ranges may come in any order and overlap.
func (s *PortSet) UnmarshalText(text []byte) error {
	var bits portBits
	for part := range strings.SplitSeq(string(text), ",") {
		if len(text) == 0 {
			break
		}
		var r PortRange
		if err := r.UnmarshalText([]byte(part)); err != nil {
			return err
		}
		if r.any() {
			return fmt.Errorf("port set %.40q: port 0 stands for none", text)
		}
		bits.addRange(r)
	}
	*s = bits.set()
	return nil
}
