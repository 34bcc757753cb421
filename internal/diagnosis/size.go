package diagnosis

import (
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A landing is what became of one message of a size check.
type landing int

const (
	unknownLanding landing = iota
	arrived                // whole, at least one copy
	arrivedCut             // shorter than it says itself
	lost                   // every copy left, and none arrived
	refused                // this machine would not send it in one piece, by what it knows of the path
)

// A rung is a message of a size check with what the other end's tape says of it.
type rung struct {
	sipprobe.Rung
	landing landing
	missing int // copies that left and did not arrive
}

// A ladder is a size check with both ends' records joined.
type ladder struct {
	check *evidence.Check
	facts *evidence.SizeFacts
	known bool // the other end's tape is there
	// rungs are of each size, rising; over TCP and TLS those of the first connection.
	rungs []rung
	// again is the smallest size once more, when all others were through; nil unless it
	// was sent over UDP.
	again *rung
	// later are the rungs of the second and the third connection.
	later []rung
	// whole and wholeAgain are the datagrams that must not be fragmented.
	whole      []rung
	wholeAgain *rung
	// header is what IP and UDP add to a message.
	header int
}

// copiesOver is how often a message must have left before it counts as lost.
func copiesOver(t sipprobe.Transport) int {
	if t == sipprobe.UDP {
		return 3
	}
	return 1
}

func (v *view) newLadder(c *evidence.Check) ladder {
	far := v.Responder
	if c.Direction == scenarios.Outbound {
		far = &v.Client
	}
	l := ladder{check: c, facts: c.SizeFacts, known: far != nil, header: 28}
	if v.Run.Address.Is6() && !v.Run.Address.Is4In6() {
		l.header = 48
	}
	t := sipprobe.Transport(c.Transport)
	l.rungs, l.again, l.later = split(far, t, l.facts.Rungs)
	if l.facts.Whole != nil {
		l.whole, l.wholeAgain, _ = split(far, t, l.facts.Whole.Rungs)
	}
	return l
}

func split(far *evidence.Ledger, t sipprobe.Transport, all []sipprobe.Rung) (first []rung, again *rung, later []rung) {
	for _, r := range all {
		joined := join(far, t, r)
		switch {
		case strings.HasSuffix(r.Token, "-again"):
			again = &joined
		case r.Connection > 1:
			later = append(later, joined)
		default:
			first = append(first, joined)
		}
	}
	return first, again, later
}

func join(far *evidence.Ledger, t sipprobe.Transport, r sipprobe.Rung) rung {
	out := rung{Rung: r}
	a := far.Arrived(r.Token, t)
	switch {
	case a == nil:
	case a.Copies > 0:
		out.landing, out.missing = arrived, max(r.Copies-a.Copies, 0)
	case a.Cut > 0:
		out.landing = arrivedCut
	case r.TooLarge:
		out.landing = refused
	case r.Error == "" && r.Copies >= copiesOver(t):
		out.landing = lost
	}
	return out
}

// An edge is the size up to which messages arrive and above which none does.
type edge struct {
	passed, lost int // bytes: the largest that arrives, the smallest that does not
	steps        int // sizes that are lost
}

// maxChance is the share of copies, one in so many, that small messages may lose before
// the loss of large ones may be chance.
const maxChance = 10

// edgeOf finds the edge of one flow: everything up to it arrives, nothing above it does,
// the smallest arrives again at the end, and the path loses next to nothing at random.
// Sizes that this machine refused do not count.
func edgeOf(rungs []rung, again *rung) (e edge, ok bool) {
	sent, missing := 0, 0
	for _, r := range rungs {
		switch {
		case r.landing == refused:
		case r.landing == arrived && e.lost == 0:
			e.passed = r.Bytes
			sent, missing = sent+r.Copies, missing+r.missing
		case r.landing == lost && e.passed > 0:
			if e.lost == 0 {
				e.lost = r.Bytes
			}
			e.steps++
		default:
			return e, false
		}
	}
	if again == nil || again.landing != arrived {
		return e, false
	}
	sent, missing = sent+again.Copies, missing+again.missing
	return e, e.lost > 0 && missing*maxChance <= sent
}

// with lists the sizes of one landing.
func with(rungs []rung, f landing) (sizes []int) {
	for _, r := range rungs {
		if r.landing == f {
			sizes = append(sizes, r.Bytes)
		}
	}
	return sizes
}

// largest is the largest message that arrived, 0 when none did.
func (l ladder) largest() int {
	most := 0
	for _, r := range l.rungs {
		if r.landing == arrived {
			most = max(most, r.Bytes)
		}
	}
	return most
}

// stalled finds the size at which connections stop carrying anything: all smaller ones
// arrived, it did not, it did not again on a fresh connection after a small one that did,
// and small ones still arrive on a third.
func (l ladder) stalled() (e edge, ok bool) {
	n := len(l.rungs)
	if n < 2 || len(l.later) != 3 || l.rungs[n-1].landing != lost {
		return e, false
	}
	for _, r := range l.rungs[:n-1] {
		if r.landing != arrived {
			return e, false
		}
	}
	second, third := l.later[:2], l.later[2]
	if second[0].landing != arrived || second[1].landing != lost || third.landing != arrived {
		return e, false
	}
	return edge{passed: l.rungs[n-2].Bytes, lost: l.rungs[n-1].Bytes, steps: 1}, true
}

// vanish finds the size above which datagrams that must not be fragmented are lost without
// a word, none of which this machine would have refused.
func (l ladder) vanish() (e edge, ok bool) { return edgeOf(l.whole, l.wholeAgain) }

// ethernet is the MTU that is assumed where a system does not tell.
const ethernet = 1500

// mtu is what the sender took for the path's, and whether it said so.
func (l ladder) mtu() (bytes int, told bool) {
	if l.facts.MTU == nil {
		return ethernet, false
	}
	return *l.facts.MTU, true
}

// climbed are the ladders of a direction, over the transports given.
func (v *view) climbed(d scenarios.Direction, over ...sipprobe.Transport) (out []ladder) {
	for _, l := range v.ladders {
		for _, t := range over {
			if l.check.Direction == d && l.known && sipprobe.Transport(l.check.Transport) == t {
				out = append(out, l)
			}
		}
	}
	return out
}
