package lab

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"bothways/internal/client"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/natlab"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// An Outcome is what a run through a fault reported, held against what was planted.
type Outcome struct {
	Fault     Fault
	Evidence  *evidence.Evidence
	Diagnosis diagnosis.Diagnosis
	// Missed are expected findings that did not come out, False those that came out
	// unexpectedly, each code once.
	Missed, False []string
	// Counters say how often what was planted acted.
	Counters []natlab.Counter
}

// Unplanted names the rules and alterations that never acted: what they were to plant
// was not there. Rules that hit at random may well hit nothing in a short run.
func (o Outcome) Unplanted() (names []string) {
	for _, c := range o.Counters {
		random := slices.ContainsFunc(o.Fault.Topology.Rules, func(r natlab.Rule) bool { return r.Name == c.Rule && r.Share > 0 })
		if c.Packets == 0 && !random {
			names = append(names, c.Rule)
		}
	}
	return names
}

// OK reports whether the run reported what was planted and nothing else.
func (o Outcome) OK() bool {
	return len(o.Unplanted()) == 0 && len(o.Missed) == 0 && len(o.False) == 0 && o.ranked() && string(o.Diagnosis.Verdict) == o.Fault.Verdict
}

// Options change how a fault is run.
type Options struct {
	scenarios.Overrides
	Version string
	// Router is the one that the report gives remedies for, empty for none.
	Router   string
	Progress func(client.Event)
	// ready, if not nil, is called when the responder is up, before the client begins.
	ready func()
}

// labKey is known to both ends; nobody else is in the lab.
const labKey = "the lab has no strangers"

// Run builds the fault's topology and runs client and responder through it.
func Run(ctx context.Context, f Fault, o Options) (Outcome, error) {
	s, err := f.scenario()
	if err != nil {
		return Outcome{}, err
	}
	if o.Pause == 0 {
		o.Pause = f.Pause
	}
	if f.WholeTalk {
		o.Talk = 0
	}
	if f.WholeSweeps {
		o.SweepSample = 0
	}
	if f.SecondAddress {
		if s, err = s.WithSecond(); err != nil {
			return Outcome{}, err
		}
	}
	if s, err = s.With(o.Overrides); err != nil {
		return Outcome{}, err
	}
	l, err := build(ctx, f)
	if err != nil {
		return Outcome{}, err
	}
	defer l.Close()
	ev, err := through(ctx, l, f, s, o)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Fault: f, Evidence: ev, Diagnosis: diagnosis.Diagnose(ev)}
	out.compare()
	if out.Counters, err = counters(l); err != nil {
		return Outcome{}, err
	}
	return out, nil
}

// counters reads what acted. A box that lost packets by itself has planted more than it should.
func counters(l *natlab.Lab) ([]natlab.Counter, error) {
	lost, err := l.BoxLost()
	if err == nil && lost > 0 {
		err = fmt.Errorf("the lab's box lost %d packets by itself, so this run proves nothing; run it again on a machine with less load", lost)
	}
	if err != nil {
		return nil, err
	}
	return l.Counters()
}

func through(ctx context.Context, l *natlab.Lab, f Fault, s scenarios.Scenario, o Options) (*evidence.Evidence, error) {
	around, err := set(ctx, l, f)
	if err != nil {
		return nil, err
	}
	defer around.strike()
	own := insideConfig(host{l.Inside}, o.Version)
	if f.PublicAddress {
		own.Public = l.Addresses.SiteWAN
	}
	own.Ports, own.Resolver, own.STUN, own.Roots = f.sipPorts(), around.inner, around.stun, around.vendor.roots
	own.AskRouter, own.Capture = true, !f.NoCapture
	if own.Egress, err = f.Vendor.egress(); err != nil {
		return nil, err
	}
	inside, err := responder.Start(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("responder: %w", err)
	}
	defer inside.Close()
	cfg := outsideConfig(l, f, s, o)
	cfg.Ports, cfg.STUN, cfg.Roots = f.sipPorts(), around.stun, around.vendor.roots
	if err := around.outer.find(ctx, f, &cfg); err != nil {
		return nil, err
	}
	if f.SecondAddress {
		cfg.SecondAddress = second(l, f)
	}
	if f.FromInside {
		cfg.Wait = insideWait
		go inside.Dial(ctx, netip.AddrPortFrom(outside(l, f), cfg.OwnPorts[sipprobe.TLS])) // until it is closed
	}
	if o.ready != nil {
		o.ready()
	}
	return client.Run(ctx, cfg)
}

func sipPorts() map[sipprobe.Transport]uint16 {
	ports := make(map[sipprobe.Transport]uint16)
	for _, t := range sipprobe.Transports() {
		ports[t] = t.DefaultPort()
	}
	return ports
}

func mediaPorts() rtpprobe.PortRange { return rtpprobe.PortRange{From: rtpPorts.From, To: rtpPorts.To} }

func insideConfig(n network.Network, version string) responder.Config {
	return responder.Config{Network: n, Key: labKey, Ports: sipPorts(), RTP: mediaPorts(), Version: version}
}

func outsideConfig(l *natlab.Lab, f Fault, s scenarios.Scenario, o Options) client.Config {
	target := l.Addresses.SiteWAN
	if f.IPv6 {
		target = l.Addresses.Inside6
	}
	name := target.String()
	if f.Dialled != "" {
		name = f.Dialled
	}
	return client.Config{
		Network: host{l.Outside}, Target: name, Address: target, Ports: sipPorts(), OwnPorts: sipPorts(),
		RTP: mediaPorts(), Key: labKey, Scenario: s, Version: o.Version, Progress: o.Progress, Router: o.Router,
	}
}

// hold opens the ports that another program holds on the inside host.
func hold(ctx context.Context, l *natlab.Lab, f Fault) (release func(), err error) {
	var conns []io.Closer
	release = func() {
		for _, c := range conns {
			c.Close()
		}
	}
	for port := f.Held.From; port != 0 && port <= f.Held.To; port++ {
		c, err := l.Inside.ListenPacket(ctx, netip.AddrPortFrom(l.Addresses.Inside, port))
		if err != nil {
			release()
			return nil, err
		}
		conns = append(conns, c)
	}
	for port := f.HeldTCP.From; port != 0 && port <= f.HeldTCP.To; port++ {
		c, err := l.Inside.ListenTCP(ctx, netip.AddrPortFrom(l.Addresses.Inside, port))
		if err != nil {
			release()
			return nil, err
		}
		conns = append(conns, c)
	}
	return release, nil
}

// insideWait is plenty for a responder that dials from the start.
const insideWait = 30 * time.Second

// outside is the client's address as seen from the site.
func outside(l *natlab.Lab, f Fault) netip.Addr {
	if f.IPv6 {
		return l.Addresses.Outside6
	}
	return l.Addresses.OutsidePublic
}

// second is the client's second address, on its own interface.
func second(l *natlab.Lab, f Fault) netip.Addr {
	if f.IPv6 {
		return l.Addresses.OutsideSecond6
	}
	return l.Addresses.OutsideSecond
}

// compare holds what was reported against what was planted. A code that is folded where
// it should stand beside, or the reverse, is both missed and false.
func (o *Outcome) compare() {
	want, reported := o.Fault.expected(), o.codes()
	for _, code := range want {
		if !slices.Contains(reported, code) {
			o.Missed = append(o.Missed, code)
		}
	}
	for _, code := range reported {
		if !slices.Contains(want, code) {
			o.False = append(o.False, code)
		}
	}
}

// ranked reports whether the causes are listed in the order that the fault asks for.
func (o Outcome) ranked() bool {
	return o.Fault.Ranked == nil || slices.Equal(o.Fault.Ranked, o.causes())
}

// causes are the codes of the causes as the report lists them.
func (o Outcome) causes() []string {
	o.Diagnosis.Findings = slices.DeleteFunc(slices.Clone(o.Diagnosis.Findings), func(f diagnosis.Finding) bool { return f.Role == diagnosis.Symptom })
	return o.codes()
}

// codes are those of the findings, each once, in the order of the report; those that
// are folded are in parentheses behind what explains them.
func (o Outcome) codes() []string {
	var out []string
	add := func(code string) {
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	for _, f := range o.Diagnosis.Findings {
		add(f.Code)
		for _, c := range f.Consequences {
			add(folding(c.Code, true))
		}
	}
	return out
}

func folding(code string, folded bool) string {
	if folded {
		return "(" + code + ")"
	}
	return code
}
