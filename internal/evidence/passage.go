package evidence

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// A Passage is one message that an end sent, with its retransmissions, and what of it
// arrived at the other end.
type Passage struct {
	// Sent is the first copy that left, Copies how many did, all of the same bytes.
	Sent   sipprobe.Record
	Copies int
	// Last is when the last copy left.
	Last time.Time
	// Direction is the way that the message went; inbound is from the client.
	Direction scenarios.Direction
	// Token is what follows the run's ID in the message's token: the ID of its check, or
	// what the pairing uses, such as "pair-udp". Empty when the message has none.
	Token string
	// Method is that of the request, or of the request that a response answers.
	Method string
	// Status is that of a response, 0 for requests.
	Status int
	// SDP reports whether the body is SDP.
	SDP bool
	// Again is true for a re-INVITE (RFC 3261 section 14), and for what answers one.
	Again bool
	// Branch is that of the topmost Via as it was sent; empty when there is none.
	Branch string
	// Arrivals are the messages that the other end received as this one, one for each
	// different content; nil when it received none.
	Arrivals []Arrival

	cseq string
}

// An Arrival is a message as it was received, with its copies.
type Arrival struct {
	Received sipprobe.Record
	Copies   int
}

// Name is the message in short: "INVITE", "200 to INVITE", "re-INVITE".
func (p Passage) Name() string {
	method := p.Method
	if p.Again {
		method = "re-" + method
	}
	if p.Status == 0 {
		return method
	}
	return strconv.Itoa(p.Status) + " to " + method
}

// Arrived counts the copies that were received.
func (p Passage) Arrived() int {
	n := 0
	for _, a := range p.Arrivals {
		n += a.Copies
	}
	return n
}

// Whole reports whether both tapes are there and hold every message of the run.
func (ev *Evidence) Whole() bool {
	return ev.Responder != nil && ev.Client.TapeDropped == 0 && ev.Responder.TapeDropped == 0
}

// Passages pairs what each end sent with what the other received, in the order in
// which it was sent, the client's messages first. Nil without both tapes, or when
// one is not whole: then nobody knows what a message became.
//
// Messages are paired by their bytes where these are the same; else by the run's
// token, which stands in the Via branch, the Call-ID and the From tag so that a box
// must change all three to hide it, and by method or status, CSeq, tag and branch.
func (ev *Evidence) Passages() []Passage {
	if !ev.Whole() {
		return nil
	}
	in := passages(ev.Run.ID, scenarios.Inbound, ev.Client.Tape, ev.Responder.Tape)
	all := append(in, passages(ev.Run.ID, scenarios.Outbound, ev.Responder.Tape, ev.Client.Tape)...)
	markAgain(all)
	return all
}

// markAgain tells what answers a re-INVITE, which goes the other way with its CSeq.
func markAgain(all []Passage) {
	type key struct {
		token string
		d     scenarios.Direction
		cseq  string
	}
	again := make(map[key]bool)
	for i := range all {
		if p := &all[i]; p.Method == "INVITE" && p.Status == 0 && p.Again {
			again[key{p.Token, p.Direction, p.cseq}] = true
		}
	}
	for i := range all {
		if p := &all[i]; p.Method == "INVITE" && p.Status != 0 {
			d := scenarios.Inbound
			if p.Direction == scenarios.Inbound {
				d = scenarios.Outbound
			}
			p.Again = again[key{p.Token, d, p.cseq}]
		}
	}
}

func passages(run string, d scenarios.Direction, sender, receiver []sipprobe.Record) []Passage {
	sent := distinct(run, sender, true)
	out := make([]Passage, len(sent))
	for i, s := range sent {
		out[i] = Passage{Sent: s.record, Copies: s.copies, Last: s.last, Direction: d, Token: s.token, Method: s.method, Status: s.status, SDP: s.sdp, Branch: s.branch,
			Again: s.status == 0 && s.method == "INVITE" && s.toTag != "", cseq: s.cseq}
	}
	left := distinct(run, receiver, false)
	for _, alike := range []func(a, b identity) bool{equalBytes, sameTransaction, sameDialog, sameRequest, sameBranch} {
		left = deliver(out, sent, left, alike)
	}
	return out
}

// deliver hands arrivals to the messages that they are alike with, first to one of
// which nothing has arrived yet, and returns those left over.
func deliver(out []Passage, sent, arrived []identity, alike func(a, b identity) bool) []identity {
	var left []identity
	for _, a := range arrived {
		best := -1
		for i, s := range sent {
			if alike(s, a) && (best < 0 || len(out[best].Arrivals) > 0 && len(out[i].Arrivals) == 0) {
				best = i
			}
		}
		if best < 0 {
			left = append(left, a)
			continue
		}
		out[best].Arrivals = append(out[best].Arrivals, Arrival{a.record, a.copies})
	}
	return left
}

// An identity is a message with its copies, and by what it is known.
type identity struct {
	record sipprobe.Record
	copies int
	last   time.Time

	token, method string
	status        int
	sdp           bool
	cseq          string // number and method
	toTag, branch string
}

// distinct lists the messages of a tape that this end sent, or received, each once.
func distinct(run string, tape []sipprobe.Record, sent bool) []identity {
	var out []identity
	known := make(map[string]int)
	for _, r := range tape {
		if r.Sent != sent || sent && r.Note != "" || len(bytes.Trim(r.Data, "\r\n\x00")) == 0 {
			continue
		}
		key := string(r.Transport) + "\x00" + string(r.Data)
		if i, again := known[key]; again {
			out[i].copies++
			out[i].last = r.Time
			continue
		}
		known[key] = len(out)
		out = append(out, identify(run, r))
	}
	return out
}

func identify(run string, r sipprobe.Record) identity {
	m := sipdiff.Parse(r.Data)
	id := identity{record: r, copies: 1, last: r.Time, token: tokenOf(run, r.Data)}
	id.cseq = strings.Join(strings.Fields(m.Value("CSeq")), " ")
	_, id.method, _ = strings.Cut(id.cseq, " ")
	for _, f := range m.Fields() {
		switch f.Name {
		case "method":
			id.method = f.Value
		case "status code":
			id.status, _ = strconv.Atoi(f.Value)
		case "Via[0] branch":
			id.branch = f.Value
		case "To tag":
			id.toTag = f.Value
		}
	}
	id.sdp = strings.HasPrefix(strings.ToLower(m.Value("Content-Type")), "application/sdp")
	return id
}

// tokenOf is what follows the run's ID in the token that stands in the message most often.
func tokenOf(run string, data []byte) string {
	if run == "" {
		return ""
	}
	best, counts := "", make(map[string]int)
	for mark := []byte(run + "-"); ; {
		i := bytes.Index(data, mark)
		if i < 0 {
			return best
		}
		data = data[i+len(mark):]
		n := 0
		for n < len(data) && isTokenByte(data[n]) {
			n++
		}
		token := string(data[:n])
		if counts[token]++; best == "" || counts[token] > counts[best] {
			best = token
		}
	}
}

func equalBytes(a, b identity) bool {
	return a.record.Transport == b.record.Transport && bytes.Equal(a.record.Data, b.record.Data)
}

// sameRequest holds for messages of one method or status and CSeq in one check, over
// one transport.
func sameRequest(a, b identity) bool {
	return a.record.Transport == b.record.Transport && a.token == b.token && a.token != "" &&
		a.method == b.method && a.status == b.status && a.cseq == b.cseq
}

func sameDialog(a, b identity) bool { return sameRequest(a, b) && a.toTag == b.toTag }

func sameTransaction(a, b identity) bool { return sameDialog(a, b) && a.branch == b.branch }

// sameBranch holds for requests of which not even the method or the CSeq is left. A
// response of another status is no arrival of the one that was sent: it may be somebody
// else's answer.
func sameBranch(a, b identity) bool {
	return a.record.Transport == b.record.Transport && a.branch != "" && a.branch == b.branch && a.status == 0 && b.status == 0 && a.cseq != b.cseq
}
