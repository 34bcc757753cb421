package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// TestContainerAddress changes one thing in a run whose responder is in a container.
func TestContainerAddress(t *testing.T) {
	const file = "/.dockerenv"
	lan := netip.MustParseAddr("192.168.1.10")
	for name, row := range map[string]struct {
		file   string
		change func(*evidence.Evidence, *evidence.Container)
		want   diagnosis.Confidence // empty: no finding
		needs  bool
	}{
		"Docker's hardware address": {"", func(*evidence.Evidence, *evidence.Container) {}, diagnosis.Proven, false},
		"in capitals":               {"", func(_ *evidence.Evidence, c *evidence.Container) { c.Veths[0].MAC = "02:42:AC:11:00:02" }, diagnosis.Proven, false},
		"beside a bridge":           {"", func(_ *evidence.Evidence, c *evidence.Container) { c.Bridges = 1 }, diagnosis.Proven, false},
		"the file":                  {file, func(*evidence.Evidence, *evidence.Container) {}, diagnosis.Likely, false},
		"the file, on a machine with bridges": {file, func(_ *evidence.Evidence, c *evidence.Container) {
			c.Bridges = 1
		}, "", false},
		"the file, on a plain interface": {file, func(_ *evidence.Evidence, c *evidence.Container) { c.Veths = nil }, "", false},
		"another hardware address":       {"", func(_ *evidence.Evidence, c *evidence.Container) { c.Veths[0].MAC = "02:42:ac:11:00:03" }, "", false},
		"no hardware address":            {"", func(_ *evidence.Evidence, c *evidence.Container) { c.Veths[0].MAC = "" }, "", false},
		"a virtual pair on the site's own network": {"", func(ev *evidence.Evidence, c *evidence.Container) {
			ev.Responder.Addresses = []netip.Addr{lan}
			c.Veths[0] = evidence.Veth{Name: "eth0", Address: lan, MAC: "bc:24:11:5e:10:07"}
		}, "", false},
		"an address on the site's network as well": {"", func(ev *evidence.Evidence, _ *evidence.Container) {
			ev.Responder.Addresses = append(ev.Responder.Addresses, lan)
		}, "", false},
		"met at the container's own address": {"", func(ev *evidence.Evidence, _ *evidence.Container) {
			ev.Run.Address = diagnosistest.InContainer
			for i := range ev.Checks {
				if f := ev.Checks[i].CallFacts; f != nil {
					f.Client.Media.Received.Sources = nil
				}
			}
		}, "", false},
		"loopback alone": {"", func(ev *evidence.Evidence, _ *evidence.Container) {
			ev.Responder.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}, "", false},
		"not looked":    {"", func(ev *evidence.Evidence, _ *evidence.Container) { ev.Responder.Container = nil }, "", true},
		"no ledger":     {"", func(ev *evidence.Evidence, _ *evidence.Container) { ev.Responder = nil }, "", true},
		"nothing there": {"", func(ev *evidence.Evidence, _ *evidence.Container) { ev.Responder.Container = &evidence.Container{} }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Contained(row.file)
			row.change(ev, ev.Responder.Container)
			f := named(ev, "container-address")
			if (f != nil) != (row.want != "") || f != nil && f.Confidence != row.want {
				t.Errorf("found %+v, want %q", f, row.want)
			}
			if got := needs(ev, "container-address"); (got != "") != row.needs {
				t.Errorf("needs %q, want %t", got, row.needs)
			}
		})
	}
}

// TestForwardsLeadToTheMachine: a router cannot send to a container.
func TestForwardsLeadToTheMachine(t *testing.T) {
	contain := func(ev *evidence.Evidence) {
		r := diagnosistest.Contained("").Responder
		ev.Responder.Addresses, ev.Responder.Container, ev.Responder.Tape = r.Addresses, r.Container, nil
		for i := range ev.Responder.Sockets {
			s := &ev.Responder.Sockets[i]
			s.Address = netip.AddrPortFrom(diagnosistest.InContainer, s.Address.Port())
		}
	}
	for _, row := range []struct {
		contained bool
		want      string
	}{{true, "udp 5060 -> the container's machine."}, {false, "udp 5060 -> 192.168.1.10:5060."}} {
		ev := diagnosistest.Find("udp-not-forwarded")
		if row.contained {
			contain(ev)
		}
		f := named(ev, "port-not-forwarded")
		if f == nil || !strings.Contains(f.Remedy[0], row.want) {
			t.Errorf("%+v, want %q", f, row.want)
		}
	}
}
