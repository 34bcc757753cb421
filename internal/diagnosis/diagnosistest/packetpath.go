package diagnosistest

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A PacketPath is what lies between the two ends for large packets and for marked ones. The
// zero value is one that changes nothing; each field plants a fault, in both directions
// or, with OneWay, inbound only.
type PacketPath struct {
	OneWay bool
	// Over are the transports of its checks of size, nil = all.
	Over []sipprobe.Transport
	// NoFragments drops all fragments.
	NoFragments bool
	// HoleMTU, if not 0, is an MTU above which packets vanish that must not be fragmented,
	// and ToldMTU one of which a router tells the sender.
	HoleMTU, ToldMTU int
	// Unclamped lets TCP and TLS run into the hole.
	Unclamped bool
	// Inspected is a size above which a box drops messages over TCP, 0 = none.
	Inspected int
	// LossPercent is what is lost of copies at random.
	LossPercent int
	// Becomes are the marks that arrive as others, Dropped those that do not arrive.
	Becomes map[rtpprobe.Mark]rtpprobe.Mark
	Dropped []rtpprobe.Mark
}

// packetRuns are those in which large packets were sent, and marked ones.
func packetRuns() []Run {
	tcp := []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}
	return []Run{
		{"path-clean", PacketPath{}.Run()},
		{"path-told", PacketPath{ToldMTU: 1400}.Run()},
		{"path-loss", PacketPath{LossPercent: 10}.Run()},
		{"fragments-dropped", PacketPath{NoFragments: true, OneWay: true}.Run()},
		{"black-hole", PacketPath{HoleMTU: 1400, Unclamped: true, OneWay: true}.Run()},
		{"black-hole-clamped", PacketPath{HoleMTU: 1400, OneWay: true}.Run()},
		{"black-hole-tcp-alone", PacketPath{HoleMTU: 1400, Unclamped: true, OneWay: true, Over: tcp[1:]}.Run()},
		{"dscp-bleached", PacketPath{OneWay: true, Becomes: map[rtpprobe.Mark]rtpprobe.Mark{
			rtpprobe.CS3: 0, rtpprobe.AF31: 0, rtpprobe.EF: 0}}.Run()},
		{"dscp-ef-dropped", PacketPath{OneWay: true, Dropped: []rtpprobe.Mark{rtpprobe.EF}, Becomes: map[rtpprobe.Mark]rtpprobe.Mark{rtpprobe.AF31: 10}}.Run()},
	}
}

// Run is the evidence of the scenario path over the path.
func (p PacketPath) Run() *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{}, Scenario: "path"}.Run()
	over := p.Over
	if over == nil {
		over = sipprobe.Transports()
	}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, t := range over {
			p.addSize(ev, d, t)
		}
	}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		p.addMarks(ev, d)
	}
	for _, c := range ev.Checks {
		ev.Scenario.Checks = append(ev.Scenario.Checks, c.Check)
	}
	return ev
}

func short(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "in"
	}
	return "out"
}

// clear reports whether the path changes nothing in a direction.
func (p PacketPath) clear(d scenarios.Direction) bool { return p.OneWay && d == scenarios.Outbound }

func (p PacketPath) addSize(ev *evidence.Evidence, d scenarios.Direction, t sipprobe.Transport) {
	if p.clear(d) {
		p = PacketPath{}
	}
	c := evidence.Check{Check: scenarios.Check{
		ID: "size-" + short(d) + "-" + string(t), Kind: scenarios.SizeKind, Direction: d, Transport: scenarios.Transport(t),
		Size: &scenarios.Size{Bytes: scenarios.DefaultSizes(scenarios.Transport(t))},
	}}
	mtu, link := ethernet, ethernet
	if p.ToldMTU != 0 {
		mtu = p.ToldMTU
	}
	c.SizeFacts = &evidence.SizeFacts{MTU: &mtu, LinkMTU: &link}
	if d == scenarios.Outbound {
		c.SizeFacts.Flow = "new"
	}
	climb := climber{PacketPath: p, ev: ev, check: &c, transport: t, token: ev.Run.Token(c.ID)}
	if t == sipprobe.UDP {
		c.SizeFacts.Rungs = climb.overUDP()
		climb.token, climb.whole = ev.Run.WholeToken(c.ID), true
		c.SizeFacts.Whole = &evidence.WholeFacts{Rungs: climb.overUDP()}
	} else {
		c.SizeFacts.Rungs = climb.overConns()
	}
	ev.Checks = append(ev.Checks, c)
}

const (
	ethernet = 1500
	headers  = 28 // of IPv4 and UDP
)

// A climber fills in one ladder.
type climber struct {
	PacketPath
	ev        *evidence.Evidence
	check     *evidence.Check
	transport sipprobe.Transport
	token     string
	whole     bool
}

func (c climber) overUDP() (out []sipprobe.Rung) {
	for i, bytes := range append(c.check.Size.Bytes, c.check.Size.Bytes[0]) {
		r := sipprobe.Rung{Bytes: bytes, Token: fmt.Sprintf("%s-%d", c.token, bytes)}
		if i == len(c.check.Size.Bytes) {
			r.Token += "-again"
		}
		packet := bytes + headers
		switch {
		case c.whole && packet > ethernet:
			r.TooLarge, r.Error = true, "message too long"
		case c.whole && c.ToldMTU != 0 && packet > c.ToldMTU:
			r.Copies, r.TooLarge, r.Error = 1, true, "message too long"
		default:
			c.copies(&r, packet)
		}
		out = append(out, r)
	}
	return out
}

// copies sends up to three copies: Linux has datagrams that fit its link carry DF.
func (c climber) copies(r *sipprobe.Rung, packet int) {
	fits := packet <= ethernet
	vanishes := fits && c.HoleMTU != 0 && packet > c.HoleMTU || !fits && c.NoFragments
	for r.Copies < 3 && r.Status == 0 {
		r.Copies++
		if !vanishes && !chance(c.LossPercent, uint16(r.Bytes), uint8(r.Copies), uint32(len(r.Token))) {
			r.Status = 401
			c.arrive(r)
		}
	}
}

func (c climber) overConns() (out []sipprobe.Rung) {
	plan := c.check.Size.Bytes
	for n := 1; n <= 3; n++ {
		for _, bytes := range plan {
			r := sipprobe.Rung{Bytes: bytes, Token: fmt.Sprintf("%s-%d-%d", c.token, bytes, n), Connection: n, Copies: 1}
			stalls := c.Unclamped && bytes+headers+24 > c.HoleMTU || c.Inspected > 0 && bytes > c.Inspected && c.transport == sipprobe.TCP
			if !stalls {
				r.Status = 401
				c.arrive(&r)
			}
			out = append(out, r)
			if stalls && n == 1 {
				plan = []int{plan[0], bytes}
			}
			if stalls {
				break
			}
		}
		if n == 1 && out[len(out)-1].Status != 0 {
			return out
		}
		if n == 2 {
			plan = plan[:1]
		}
	}
	return out
}

// arrive puts a message on the far end's tape.
func (c climber) arrive(r *sipprobe.Rung) {
	flow := Site{}.opened(c.transport)
	far, at := c.ev.Responder, flow.responder
	if c.check.Direction == scenarios.Outbound {
		far, at = &c.ev.Client, flow.client
	}
	head := "OPTIONS sip:" + Public.String() + " SIP/2.0\r\nCall-ID: " + r.Token + "\r\nContent-Length: 4\r\n\r\n"
	record(far, c.transport, at, false, head+strings.Repeat("x", 4), 0)
}

func (p PacketPath) addMarks(ev *evidence.Evidence, d scenarios.Direction) {
	if p.clear(d) {
		p = PacketPath{}
	}
	const packets = scenarios.DefaultMarkPackets
	c := evidence.Check{Check: scenarios.Check{
		ID: "dscp-" + short(d), Kind: scenarios.DSCPKind, Direction: d, Transport: "udp", DSCP: &scenarios.DSCP{Packets: packets},
	}, DSCPFacts: &evidence.DSCPFacts{Sent: &rtpprobe.MarksSent{}, Arrived: &rtpprobe.MarksArrived{}}}
	for i, m := range rtpprobe.Marks() {
		c.DSCPFacts.Sent.Marks = append(c.DSCPFacts.Sent.Marks, rtpprobe.MarkSent{Mark: m, Packets: packets})
		got := rtpprobe.MarkArrived{Mark: m, As: []rtpprobe.MarkCount{}}
		as := m
		if to, changes := p.Becomes[m]; changes {
			as = to
		}
		for n := range uint8(packets) {
			if !slices.Contains(p.Dropped, m) && !chance(p.LossPercent, uint16(i), n, 3) {
				got.Packets++
			}
		}
		if got.Packets > 0 {
			got.As = append(got.As, rtpprobe.MarkCount{Mark: as, Packets: got.Packets})
		}
		c.DSCPFacts.Arrived.Marks = append(c.DSCPFacts.Arrived.Marks, got)
	}
	ev.Checks = append(ev.Checks, c)
}
