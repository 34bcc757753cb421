package diagnosis_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// named returns the finding of a code, nil when there is none.
func named(ev *evidence.Evidence, code string) *diagnosis.Finding {
	d := diagnosis.Diagnose(ev)
	i := slices.IndexFunc(d.Findings, func(f diagnosis.Finding) bool { return f.Code == code })
	if i < 0 {
		return nil
	}
	return &d.Findings[i]
}

// needs is what a run lacked to decide a code, empty when it could.
func needs(ev *evidence.Evidence, code string) string {
	for _, n := range diagnosis.Diagnose(ev).NotTested {
		if n.Code == code {
			return n.Needs
		}
	}
	return ""
}

func TestDoubleNAT(t *testing.T) {
	addr := netip.MustParseAddr
	change := func(f func(*evidence.Evidence)) func(*evidence.Evidence) { return f }
	same := change(func(*evidence.Evidence) {})
	reachedAt := func(a string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			ev.Run.Address = addr(a)
			for _, c := range ev.Checks {
				if c.CallFacts != nil {
					c.CallFacts.Client.Media.Received.Sources = nil
				}
			}
		}
	}
	for name, row := range map[string]struct {
		wan    string
		change func(*evidence.Evidence)
		want   diagnosis.Confidence // empty: no finding
		needs  bool
	}{
		"private":                                {"192.168.0.2", same, diagnosis.Proven, false},
		"DS-Lite":                                {"192.0.0.2", same, diagnosis.Proven, false},
		"the public one":                         {"203.0.113.10", same, "", false},
		"another public one":                     {"192.0.2.77", same, diagnosis.Likely, false},
		"a carrier's, and calls go in":           {"100.64.0.10", same, diagnosis.Likely, false},
		"private, and so is the outside":         {"10.0.0.2", reachedAt("172.16.0.9"), diagnosis.Likely, false},
		"private, and dialled there":             {"10.0.0.2", reachedAt("10.0.0.2"), "", false},
		"public, and the client came by a VPN":   {"203.0.113.10", reachedAt("10.99.1.10"), "", true},
		"a second uplink, and so did the client": {"192.0.2.77", reachedAt("10.99.1.10"), "", true},
		"the source of audio": {"203.0.113.99", func(ev *evidence.Evidence) {
			s := ev.Checks[2].CallFacts.Client.Media.Received.Sources
			s[0].Address = netip.AddrPortFrom(addr("203.0.113.99"), s[0].Address.Port())
		}, "", false},
		"the source of the pairing": {"203.0.113.99", func(ev *evidence.Evidence) {
			ev.Pairing.FromInside = &evidence.FromInside{Remote: netip.MustParseAddrPort("203.0.113.99:40000")}
		}, "", false},
		"the user knows better": {"192.168.0.2", func(ev *evidence.Evidence) { ev.Client.RouterWAN = diagnosistest.Public }, "", false},
		"no NAT at all": {"192.168.0.2", func(ev *evidence.Evidence) {
			ev.Responder.Addresses = append(ev.Responder.Addresses, diagnosistest.Public)
		}, "", true},
		"over IPv6": {"192.168.0.2", reachedAt("2001:db8::10"), "", true},
		"silent": {"192.168.0.2", func(ev *evidence.Evidence) {
			ev.Responder.Gateway.Answers[0] = evidence.GatewayAnswer{Protocol: evidence.NATPMP, Outcome: "silent"}
		}, "", true},
		"not asked": {"192.168.0.2", func(ev *evidence.Evidence) { ev.Responder.Gateway = nil }, "", true},
		"told by the responder's user": {"192.168.0.2", func(ev *evidence.Evidence) {
			ev.Responder.Gateway, ev.Responder.RouterWAN = nil, addr("10.1.1.1")
		}, diagnosis.Proven, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Told(row.wan)
			row.change(ev)
			f := named(ev, "double-nat")
			if (f == nil) != (row.want == "") || f != nil && f.Confidence != row.want {
				t.Errorf("found %+v, want %q", f, row.want)
			}
			if got := needs(ev, "double-nat"); (got != "") != row.needs {
				t.Errorf("needs %q, want %t", got, row.needs)
			}
		})
	}
}

func TestDoubleNATNeedsNameTheRouterThatWasAsked(t *testing.T) {
	ev := diagnosistest.Told("192.168.0.2")
	ev.Responder.Gateway.Answers = nil
	if got := needs(ev, "double-nat"); !strings.Contains(got, "192.168.1.1") || !strings.Contains(got, "--router-wan") {
		t.Error(got)
	}
	ev.Responder.Gateway.Answers = []evidence.GatewayAnswer{{Protocol: evidence.UPnP, Outcome: "refused"}}
	if got := needs(ev, "double-nat"); !strings.Contains(got, "names none") {
		t.Error(got)
	}
}

// TestSourceChangesMidCall changes the sources of a run in which they change.
func TestSourceChangesMidCall(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*evidence.CallFacts)
		want   bool
	}{
		"nothing": {func(*evidence.CallFacts) {}, true},
		"packets under way": {func(f *evidence.CallFacts) {
			s := f.Client.Media.Received.Sources
			s[0].LastMS = s[1].FirstMS + 80
		}, true},
		"turn by turn":    {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[0].LastMS = 11_000 }, false},
		"a stray":         {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[1].Packets = 9 }, false},
		"a first packet":  {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[0].Packets = 2 }, false},
		"another stream":  {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[1].SSRC++ }, false},
		"another sender":  {func(f *evidence.CallFacts) { f.Responder.Media.SSRC++ }, false},
		"one ledger":      {func(f *evidence.CallFacts) { f.Responder = nil }, false},
		"not established": {func(f *evidence.CallFacts) { f.Responder.Established = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Moved(6_000)
			for i := range ev.Checks {
				if f := ev.Checks[i].CallFacts; f != nil {
					row.change(f)
				}
			}
			if f := named(ev, "source-changes-mid-call"); (f != nil) != row.want {
				t.Errorf("found %+v, want %t", f, row.want)
			}
		})
	}
	if got := needs(diagnosistest.Site{OutShut: true}.Run(), "source-changes-mid-call"); got == "" {
		t.Error("without outbound audio nothing is needed")
	}
	ev := diagnosistest.Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	if got := needs(ev, "source-changes-mid-call"); got != "" {
		t.Errorf("a call that was heard needs %q", got)
	}
}

// TestHostFirewall changes what was counted in runs in which it explains everything.
func TestHostFirewall(t *testing.T) {
	signalling := diagnosistest.Site{Closed: udp()}
	for name, row := range map[string]struct {
		site   diagnosistest.Site
		change func(*evidence.Capture)
		want   string // the cause that is named
	}{
		"UDP":                {signalling, func(*evidence.Capture) {}, "host-firewall"},
		"two copies":         {signalling, func(c *evidence.Capture) { c.SIP = 2 }, "port-not-forwarded"},
		"nothing":            {signalling, func(c *evidence.Capture) { c.SIP = 0 }, "port-not-forwarded"},
		"no right":           {signalling, func(c *evidence.Capture) { c.Missing = "no right" }, "port-not-forwarded"},
		"TCP":                {tcpClosed(), func(*evidence.Capture) {}, "host-firewall"},
		"TCP answered":       {tcpClosed(), func(c *evidence.Capture) { c.TCP[0].Answers = 1 }, "port-not-forwarded"},
		"one SYN":            {tcpClosed(), func(c *evidence.Capture) { c.TCP[0].SYN = 1 }, "port-not-forwarded"},
		"calls":              {diagnosistest.Site{InShut: true}, func(*evidence.Capture) {}, "host-firewall"},
		"calls elsewhere":    {diagnosistest.Site{InShut: true}, func(c *evidence.Capture) { c.UDP = nil }, "rtp-range-not-forwarded"},
		"a few packets":      {diagnosistest.Site{InShut: true}, few(40), "rtp-range-not-forwarded"},
		"cold calls":         {diagnosistest.Site{ColdShut: true}, func(*evidence.Capture) {}, "host-firewall"},
		"cold at the router": {diagnosistest.Site{ColdShut: true}, few(250), "rtp-range-not-forwarded"},
		"a sweep at the router": {diagnosistest.Site{Transports: udp(), Sweeps: []diagnosistest.Sweep{{Lost: "10200-10800"}}},
			few(0), "rtp-range-partly-forwarded"},
		"answers to a sweep outwards, at a hole of one port": {both("10600"), answered("10600"), "rtp-range-partly-forwarded"},
		"answers to a sweep outwards, beside a hole":         {both("10601-10700"), answered("10600"), "rtp-range-partly-forwarded"},
		"a forward that shifts ports, in windows": {diagnosistest.Site{Transports: udp(),
			Sweeps: []diagnosistest.Sweep{{Ports: "10000-20000", Shift: 2, Lost: "14900-15099"}}}, func(*evidence.Capture) {}, "rtp-range-partly-forwarded"},
		"a sweep both ways": {both("10601-10700"), func(*evidence.Capture) {}, "host-firewall"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Guarded(row.site.Run())
			row.change(ev.Responder.Capture)
			for _, code := range []string{"host-firewall", "port-not-forwarded", "rtp-range-not-forwarded", "rtp-range-partly-forwarded"} {
				if f := named(ev, code); (f != nil) != (code == row.want) {
					t.Errorf("%s: %+v, want %s", code, f, row.want)
				}
			}
		})
	}
}

func tcpClosed() diagnosistest.Site {
	return diagnosistest.Site{Closed: []sipprobe.Transport{sipprobe.TCP}}
}

// both is a site with sweeps both ways, in which some ports are lost inwards.
func both(lost string) diagnosistest.Site {
	return diagnosistest.Site{Transports: udp(), Sweeps: []diagnosistest.Sweep{
		{Lost: lost}, {Direction: scenarios.Outbound, Ports: "20000-22000"}}}
}

// answered has many answers to a sweep outwards counted at some ports, which it was sent
// from, and nothing at the hundred above them.
func answered(at string) func(*evidence.Capture) {
	return func(c *evidence.Capture) {
		var from, hole rtpprobe.PortSet
		if err := errors.Join(from.UnmarshalText([]byte(at)), hole.UnmarshalText([]byte("10601-10700"))); err != nil {
			panic(err)
		}
		for i := range c.UDP {
			c.UDP[i].Ports = c.UDP[i].Ports.Minus(from).Minus(hole)
		}
		c.UDP = append(c.UDP, evidence.CapturedPorts{Packets: 400, Ports: from})
	}
}

// few has so many packets counted at every port.
func few(n int64) func(*evidence.Capture) {
	return func(c *evidence.Capture) {
		for i := range c.UDP {
			c.UDP[i].Packets = n
		}
	}
}

func TestHostFirewallOrBadChecksums(t *testing.T) {
	ev := diagnosistest.Guarded(diagnosistest.Site{Closed: udp()}.Run())
	*ev.Responder.Capture.BadChecksums = 5
	if f := named(ev, "host-firewall"); f == nil || f.Confidence != diagnosis.Likely {
		t.Errorf("%+v", f)
	}
}

func TestHostFirewallNeedsTheRight(t *testing.T) {
	ev := diagnosistest.Site{}.Run()
	if got := needs(ev, "host-firewall"); !strings.Contains(got, "CAP_NET_RAW") {
		t.Error(got)
	}
	ev.Responder.Capture = &evidence.Capture{Missing: "no capture: not on windows"}
	if got := needs(ev, "host-firewall"); !strings.Contains(got, "not on windows") {
		t.Error(got)
	}
	ev.Responder.Capture = &evidence.Capture{Missing: "another client at the same address", Mixed: true}
	if got := needs(ev, "host-firewall"); !strings.Contains(got, "a run of its own: another client") {
		t.Error(got)
	}
	if got := needs(diagnosistest.Guarded(ev), "host-firewall"); got != "" {
		t.Error(got)
	}
}

// TestStaleState changes the repeats of a run in which the state is stale.
func TestStaleState(t *testing.T) {
	for name, row := range map[string]struct {
		change func(ev *evidence.Evidence, same, again *evidence.Check)
		want   bool
		needs  bool
	}{
		"nothing": {func(*evidence.Evidence, *evidence.Check, *evidence.Check) {}, true, false},
		"answered": {func(_ *evidence.Evidence, same, _ *evidence.Check) {
			same.Options.Exchange.Outcome = sipprobe.Accepted
		}, false, false},
		"the line was interrupted just then": {func(ev *evidence.Evidence, _, again *evidence.Check) {
			once := *again
			once.ID, once.Control = again.ID+"-own-port", again.ID
			ev.Checks = append(ev.Checks, once)
		}, false, false},
		"silent once more": {func(ev *evidence.Evidence, same, again *evidence.Check) {
			once := *same
			once.ID, once.Control = again.ID+"-own-port", again.ID
			ev.Checks = append(ev.Checks, once)
		}, true, false},
		"not sent": {func(_ *evidence.Evidence, same, _ *evidence.Check) {
			same.Options.Exchange.Outcome = sipprobe.NotSent
		}, false, false},
		"the fresh port is dead too": {func(_ *evidence.Evidence, _, again *evidence.Check) {
			again.Options.Exchange.Outcome = sipprobe.Silent
		}, false, false},
		"not asked again": {func(ev *evidence.Evidence, _, _ *evidence.Check) {
			ev.Checks = ev.Checks[:len(ev.Checks)-1]
		}, false, true},
		"not asked": {func(ev *evidence.Evidence, _, _ *evidence.Check) {
			ev.Checks = ev.Checks[:len(ev.Checks)-2]
		}, false, true},
		"it arrived": {func(ev *evidence.Evidence, same, _ *evidence.Check) {
			ev.Responder.Tape = append(ev.Responder.Tape, sipprobe.Record{Transport: sipprobe.UDP,
				Data: []byte("OPTIONS x\r\nCall-ID: " + ev.Run.Token(same.ID) + "@bothways\r\n\r\n")})
		}, false, false},
		"the tape is not whole": {func(ev *evidence.Evidence, _, _ *evidence.Check) { ev.Responder.TapeDropped = 1 }, false, true},
		"no ledger":             {func(ev *evidence.Evidence, _, _ *evidence.Check) { ev.Responder = nil }, false, true},
		"one copy": {func(ev *evidence.Evidence, same, _ *evidence.Check) {
			token, kept := ev.Run.Token(same.ID), 0
			ev.Client.Tape = slices.DeleteFunc(ev.Client.Tape, func(r sipprobe.Record) bool {
				if text := string(r.Data); !strings.Contains(text, token) || strings.Contains(text, token+"-again") {
					return false
				}
				kept++
				return kept > 1
			})
		}, false, false},
		"at the machine": {func(ev *evidence.Evidence, _, _ *evidence.Check) { diagnosistest.Guarded(ev) }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Stale()
			n := len(ev.Checks)
			row.change(ev, &ev.Checks[n-2], &ev.Checks[n-1])
			if f := named(ev, "stale-nat-state"); (f != nil) != row.want {
				t.Errorf("found %+v, want %t", f, row.want)
			}
			if got := needs(ev, "stale-nat-state"); (got != "") != row.needs {
				t.Errorf("needs %q, want %t", got, row.needs)
			}
		})
	}
}

// TestCallsFromSeveralAddresses changes the outbound call of a run whose audio comes from
// another address than its signalling.
func TestCallsFromSeveralAddresses(t *testing.T) {
	at := func(a string) func(*evidence.CallFacts) {
		return func(f *evidence.CallFacts) {
			s := &f.Client.Media.Received.Sources[0]
			s.Address = netip.AddrPortFrom(netip.MustParseAddr(a), s.Address.Port())
		}
	}
	for name, row := range map[string]struct {
		change func(*evidence.CallFacts)
		want   bool
	}{
		"nothing":        {func(*evidence.CallFacts) {}, true},
		"the same":       {at("203.0.113.10"), false},
		"another family": {at("2001:db8::10"), false},
		"strays":         {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[0].Packets = 3 }, false},
		"another's":      {func(f *evidence.CallFacts) { f.Client.Media.Received.Sources[0].SSRC++ }, false},
		"signalling alone": {func(f *evidence.CallFacts) {
			at("203.0.113.10")(f)
			f.Responder.Invite.SeenAs = netip.MustParseAddrPort("203.0.113.77:5060")
		}, true},
		"an inside address in Via": {func(f *evidence.CallFacts) {
			at("203.0.113.10")(f)
			f.Responder.Invite.SeenAs = netip.MustParseAddrPort("192.168.1.10:5060")
		}, false},
		"over the client's flow": {func(f *evidence.CallFacts) {
			at("203.0.113.10")(f)
			f.Flow, f.Responder.Invite.SeenAs = "client", netip.MustParseAddrPort("203.0.113.77:5060")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Varies()
			row.change(ev.Checks[len(ev.Checks)-1].CallFacts)
			if f := named(ev, "source-address-varies"); (f != nil) != row.want {
				t.Errorf("found %+v, want %t", f, row.want)
			}
		})
	}
	if got := needs(diagnosistest.Site{ClientNAT: true, OutShut: true}.Run(), "source-address-varies"); got == "" {
		t.Error("without outbound audio nothing is needed")
	}
}
