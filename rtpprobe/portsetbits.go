package rtpprobe

import "math/bits"

// A portBits is a set of ports as a bitmap of 8 KiB, for building and for combining.
type portBits [1 << 10]uint64

func bitsOf(s PortSet) (b portBits) {
	for _, r := range s.ranges {
		b.addRange(r)
	}
	return b
}

// add leaves port 0 out.
func (b *portBits) add(port uint16) {
	if port != 0 {
		b[port>>6] |= 1 << (port & 63)
	}
}

func (b *portBits) has(port uint16) bool { return b[port>>6]>>(port&63)&1 == 1 }

// addRange takes a range that is not inverted.
func (b *portBits) addRange(r PortRange) {
	first, last := r.From>>6, r.To>>6
	head, tail := ^uint64(0)<<(r.From&63), ^uint64(0)>>(63-r.To&63)
	if first == last {
		b[first] |= head & tail
		return
	}
	b[first] |= head
	for i := first + 1; i < last; i++ {
		b[i] = ^uint64(0)
	}
	b[last] |= tail
}

// set writes the bitmap as ranges.
func (b *portBits) set() PortSet {
	var s PortSet
	for port := b.next(0, 0); port < 1<<16; {
		end := b.next(port, ^uint64(0))
		s.ranges = append(s.ranges, PortRange{From: uint16(port), To: uint16(end - 1)})
		if end >= 1<<16 {
			break
		}
		port = b.next(end, 0)
	}
	return s
}

// next is the first port from port on whose bit is set, or with flip all ones the first that is not;
// 1<<16 when there is none.
func (b *portBits) next(port int, flip uint64) int {
	for i := port >> 6; i < len(b); i++ {
		word := b[i] ^ flip
		if i == port>>6 {
			word &= ^uint64(0) << (port & 63)
		}
		if word != 0 {
			return i<<6 + bits.TrailingZeros64(word)
		}
	}
	return 1 << 16
}
