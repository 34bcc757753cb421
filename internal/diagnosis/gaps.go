package diagnosis

import "bothways/rtpprobe"

// Limits that tell gaps from holes here and there.
const (
	fewGaps      = 32 // so many gaps may be of any size
	minGapPorts  = 4  // where there are more, they must be this wide on average
	minOneByOne  = 4  // fewer ports that are lost one by one are holes, and no parity
	minGapInARow = 3  // so many lost ports side by side hold both parities
)

// gaps are the ranges in which no port arrived: lost ports that lie side by side, or
// with nothing but undecided ones between them.
func gaps(lost, undecided rtpprobe.PortSet) rtpprobe.PortSet {
	var list []rtpprobe.PortRange
	for _, r := range lost.Ranges() {
		if n := len(list); n > 0 && within(list[n-1].To, r.From, undecided) {
			list[n-1].To = r.To
			continue
		}
		list = append(list, r)
	}
	return setOf(list)
}

// within reports whether all ports between two are in a set.
func within(from, to uint16, set rtpprobe.PortSet) bool {
	for port := int(from) + 1; port < int(to); port++ {
		if !set.Contains(uint16(port)) {
			return false
		}
	}
	return true
}

func setOf(ranges []rtpprobe.PortRange) rtpprobe.PortSet {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for _, r := range ranges {
			for port := int(r.From); port <= int(r.To); port++ {
				if !yield(uint16(port)) {
					return
				}
			}
		}
	})
}

// likeNearest are the ports of a set that are like those of yes, and not like those of
// no: each is like the nearest port of its parity that is in either.
func likeNearest(set, yes, no rtpprobe.PortSet) rtpprobe.PortSet {
	switch {
	case yes.IsZero():
		return yes
	case no.IsZero():
		return set
	}
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := range set.All() {
			if nearer(int(port), yes, no) && !yield(port) {
				return
			}
		}
	})
}

// farthest is how far away a port may be that another one is like.
const farthest = 2048

func nearer(port int, yes, no rtpprobe.PortSet) bool {
	for d := 0; d <= farthest; d += 2 {
		for _, near := range [...]int{port - d, port + d} {
			switch {
			case near < 1 || near > 65535:
			case yes.Contains(uint16(near)):
				return true
			case no.Contains(uint16(near)):
				return false
			}
		}
	}
	return false
}

// scattered reports whether gaps are too many and too small to be ranges of a rule.
func scattered(gaps rtpprobe.PortSet) bool {
	n := len(gaps.Ranges())
	return n > fewGaps && gaps.Len() < minGapPorts*n
}

// byParity takes the ports apart that are lost one by one since they are odd, or even,
// and the rest of what is lost. The parity is empty when there are none. Wide gaps do
// not hide it: it is looked for beside them.
func byParity(lost, decided rtpprobe.PortSet) (which string, single, rest rtpprobe.PortSet) {
	var wide []rtpprobe.PortRange
	for _, r := range lost.Ranges() {
		if r.Size() >= minGapInARow {
			wide = append(wide, r)
		}
	}
	beside := setOf(wide)
	alone := lost.Minus(beside)
	tried := decided.Minus(beside)
	for _, which := range []string{"odd", "even"} {
		these := ofParity(alone, which)
		n := float64(these.Len())
		if tried.Minus(lost).IsZero() {
			break // nothing passed beside them
		}
		if n >= minOneByOne && n >= nearlyAll*float64(alone.Len()) && n >= nearlyAll*float64(ofParity(tried, which).Len()) {
			gap := trim(wide, which).Union(alone.Minus(these))
			return which, lost.Minus(gap), gap
		}
	}
	return "", rtpprobe.PortSet{}, lost
}

// nearlyAll is the share of a parity's ports that must be lost, and of what is lost
// one by one.
const nearlyAll = .95

func ofParity(set rtpprobe.PortSet, which string) rtpprobe.PortSet {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := range set.All() {
			if parity(port) == which && !yield(port) {
				return
			}
		}
	})
}

// trim leaves out the edges of ranges that are lost by their parity anyway.
func trim(ranges []rtpprobe.PortRange, which string) rtpprobe.PortSet {
	for i := range ranges {
		if r := &ranges[i]; parity(r.From) == which {
			r.From++
		}
		if r := &ranges[i]; parity(r.To) == which {
			r.To--
		}
	}
	return setOf(ranges)
}
