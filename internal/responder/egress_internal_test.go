package responder

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/pairing"
	"bothways/scenarios"
)

func addrs(texts ...string) (out []netip.Addr) {
	for _, t := range texts {
		out = append(out, netip.MustParseAddr(t))
	}
	return out
}

// TestEgressHosts: what the operator has not named is refused, with the flag to give.
func TestEgressHosts(t *testing.T) {
	listed, err := Egress{}.With([]string{"License.starface.de.", "*.example.com", "192.0.2.1", "192.168.1.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		egress Egress
		host   string
		want   bool
	}{
		{Egress{}, "license.starface.de", false},
		{Egress{}, "192.0.2.1", false},
		{Egress{Any: true}, "license.starface.de", true},
		{Egress{Any: true}, "192.0.2.1", true},
		{Egress{Any: true}, "192.168.1.1", false},
		{Egress{Any: true}, "127.0.0.1", false},
		{Egress{Any: true}, "::ffff:10.0.0.1", false},
		{listed, "LICENSE.starface.de", true},
		{listed, "update.starface.de", false},
		{listed, "a.example.com", true},
		{listed, "example.com", false},
		{listed, "badexample.com", false},
		{listed, "192.0.2.1", true},
		{listed, "192.0.2.2", false},
		{listed, "192.168.1.7", true},
	} {
		err := c.egress.host(c.host, nil)
		if (err == nil) != c.want {
			t.Errorf("%+v, %s: %v", c.egress, c.host, err)
		}
		if err != nil && !strings.Contains(err.Error(), "--allow-egress-hosts "+strings.TrimPrefix(c.host, "::ffff:")) && !strings.Contains(err.Error(), "--allow-egress-hosts "+c.host) {
			t.Errorf("%s: no next step in %q", c.host, err)
		}
	}
	if _, err := (Egress{}).With([]string{"not a host"}); err == nil {
		t.Error("a list with nonsense was taken")
	}
}

// TestEgressAddresses: a name that is allowed does not lead into the responder's own
// network, nor to addresses that are nobody's or hold another.
func TestEgressAddresses(t *testing.T) {
	own := addrs("192.168.1.10", "2001:db8:1::10", "198.51.100.7")
	for text, want := range map[string]bool{
		"192.0.2.1": true, "2001:db8:2::1": true, "8.8.8.8": true,
		"192.168.1.1": false, "10.1.2.3": false, "172.16.0.1": false, "100.64.0.1": false, "127.0.0.1": false, "169.254.169.254": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false,
		"::1": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "64:ff9b::c0a8:101": false, "2002:c0a8:101::1": false, "::192.168.1.1": false,
		"198.51.100.1": false, "2001:db8:1::1": false, // beside the responder's own
	} {
		if err := (Egress{Any: true}).address(netip.MustParseAddr(text), own); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
		all, err := Egress{}.With([]string{"0.0.0.0/0", "::/0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := all.address(netip.MustParseAddr(text), own); err != nil {
			t.Errorf("listed %s: %v", text, err)
		}
	}
}

// TestErrandsAreBounded: orders that are none are refused, and of those that are, no more
// are carried out than a client could need.
func TestErrandsAreBounded(t *testing.T) {
	r := &Responder{cfg: Config{Egress: Egress{Any: true}}, errands: newErrands()}
	r.cfg.Logger = slog.New(slog.DiscardHandler)
	ask := func(change func(*scenarios.Check)) error {
		c := scenarios.Check{ID: "x", Kind: scenarios.ServerKind, Transport: "tcp", Direction: scenarios.Outbound,
			Server: &scenarios.Server{Host: "192.0.2.1", Port: 80, Protocol: scenarios.TCPProtocol}}
		change(&c)
		// A session that has ended takes no work, so that nothing is sent here.
		s := &session{ctx: ended(), records: map[string]*record{}}
		return r.askServer(s, pairing.Server{Check: c})
	}
	for name, change := range map[string]func(*scenarios.Check){
		"no server":        func(c *scenarios.Check) { c.Server = nil },
		"no id":            func(c *scenarios.Check) { c.ID = "" },
		"no port":          func(c *scenarios.Check) { c.Server.Port = 0 },
		"another kind":     func(c *scenarios.Check) { c.Kind = scenarios.CallKind },
		"no protocol":      func(c *scenarios.Check) { c.Server.Protocol = "gopher" },
		"sip for a server": func(c *scenarios.Check) { c.Server.Protocol = scenarios.SIPProtocol },
		"bad host":         func(c *scenarios.Check) { c.Server.Host = "a b" },
		"bad resolver":     func(c *scenarios.Check) { c.Server.Resolver = "dns" },
		"private":          func(c *scenarios.Check) { c.Server.Host = "192.168.1.1" },
		"private resolver": func(c *scenarios.Check) { c.Server.Resolver = "192.168.1.1:53" },
	} {
		if err := ask(change); err == nil || err == errTooMuch {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.cfg.Egress = Egress{Names: []string{"*.example.com"}}
	for _, host := range []string{"192.0.2.1", "server.example.net"} {
		if err := ask(func(c *scenarios.Check) { c.Server.Host = host }); err == nil || err == errTooMuch {
			t.Errorf("%s, which is not listed: %v", host, err)
		}
	}
	r.cfg.Egress = Egress{Any: true}
	taken := 0
	for range 3 * maxErrands {
		if err := ask(func(*scenarios.Check) {}); err == errTooMuch { // by the session that has ended
			taken++
		} else if err != errTooManyErrands {
			t.Fatal(err)
		}
	}
	if taken < maxErrands || taken > maxErrands+2 {
		t.Errorf("%d were let through, want %d", taken, maxErrands)
	}
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
