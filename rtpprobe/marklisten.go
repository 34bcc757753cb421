package rtpprobe

import (
	"cmp"
	"context"
	"net"
	"slices"
	"time"

	"github.com/pion/rtp"
)

// ListenMarked counts the packets of a trial that arrive on conn, and the marks that they
// arrive with, until all are there or ctx ends. Packets of anybody else are not answered
// and not counted. It returns the conn as it was but for its read deadline.
func ListenMarked(ctx context.Context, conn net.PacketConn, t MarkTerms) MarksArrived {
	l := markListener{terms: t, as: make(map[Mark]map[Mark]int64), seen: make(map[uint16]bool)}
	for _, m := range Marks() {
		l.tags = append(l.tags, t.tag(m))
		l.as[m] = make(map[Mark]int64)
	}
	var out MarksArrived
	r, err := openMarkReader(conn)
	if err != nil {
		out.Unread = err.Error()
	}
	// A past deadline ends the read that is under way.
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	l.read(ctx, r)
	for _, m := range Marks() {
		out.Marks = append(out.Marks, l.arrived(m, out.Unread == ""))
	}
	return out
}

// A markReader reads datagrams with their marks, 0 where the system does not tell.
type markReader interface {
	next(b []byte) (n int, mark Mark, err error)
}

// plainReader reads from sockets that do not tell marks.
type plainReader struct{ net.PacketConn }

func (r plainReader) next(b []byte) (int, Mark, error) {
	n, _, err := r.ReadFrom(b)
	return n, 0, err
}

type markListener struct {
	terms MarkTerms
	tags  []Tag // in the order of Marks
	seen  map[uint16]bool
	as    map[Mark]map[Mark]int64
}

// maxMarkErrors bounds the errors in a row after which a socket is given up.
const maxMarkErrors = 100

func (l *markListener) read(ctx context.Context, r markReader) {
	buf := make([]byte, 2048)
	for failed := 0; failed < maxMarkErrors && ctx.Err() == nil && len(l.seen) < len(l.tags)*l.terms.Packets; {
		n, mark, err := r.next(buf)
		if err != nil {
			failed++
			continue
		}
		failed = 0
		l.take(buf[:n], mark)
	}
}

// take counts a packet of the trial, once.
func (l *markListener) take(packet []byte, arrivedAs Mark) {
	var p rtp.Packet
	if p.Unmarshal(packet) != nil {
		return
	}
	tag := tagOf(&p.Header)
	i := slices.IndexFunc(l.tags, func(t Tag) bool { return t.Matches(tag) })
	n := int(p.SequenceNumber)
	// The mark that a packet was sent with follows from its number as well.
	if i < 0 || n >= len(l.tags)*l.terms.Packets || n%len(l.tags) != i || l.seen[p.SequenceNumber] {
		return
	}
	l.seen[p.SequenceNumber] = true
	l.as[Marks()[i]][arrivedAs]++
}

func (l *markListener) arrived(m Mark, read bool) MarkArrived {
	out := MarkArrived{Mark: m}
	for mark, n := range l.as[m] {
		out.Packets += n
		out.As = append(out.As, MarkCount{mark, n})
	}
	slices.SortFunc(out.As, func(a, b MarkCount) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Mark, b.Mark))
	})
	if !read {
		out.As = nil
	} else if out.As == nil {
		out.As = []MarkCount{}
	}
	return out
}
