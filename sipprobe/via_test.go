package sipprobe_test

import (
	"net/netip"
	"testing"

	"bothways/sipprobe"
)

func TestViaReceived(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("192.0.2.7:7777"), netip.MustParseAddrPort("[2001:db8::7]:7777")
	for _, row := range []struct {
		via  string
		from netip.AddrPort
		want string
	}{
		{"SIP/2.0/UDP 192.0.2.7:5060;branch=a", v4, "SIP/2.0/UDP 192.0.2.7:5060;branch=a"},
		{"SIP/2.0/UDP 192.0.2.7:5060;branch=a;rport", v4, "SIP/2.0/UDP 192.0.2.7:5060;branch=a;rport=7777;received=192.0.2.7"},
		{"SIP/2.0/UDP 10.0.0.1;branch=a", v4, "SIP/2.0/UDP 10.0.0.1;branch=a;received=192.0.2.7"},
		{"SIP/2.0/UDP pbx;branch=a ; rport ;x", v4, "SIP/2.0/UDP pbx;branch=a ;rport=7777;x;received=192.0.2.7"},
		{"SIP/2.0/UDP pbx;rport=4444;branch=a", v4, "SIP/2.0/UDP pbx;rport=4444;branch=a;received=192.0.2.7"},
		{"SIP/2.0/UDP pbx;received=1.2.3.4;branch=a", v4, "SIP/2.0/UDP pbx;branch=a;received=192.0.2.7"},
		{"SIP/2.0/UDP pbx;rportx;branch=a, SIP/2.0/TCP q;rport", v4, "SIP/2.0/UDP pbx;rportx;branch=a;received=192.0.2.7, SIP/2.0/TCP q;rport"},
		{"SIP/2.0/TCP [2001:db8::7]:1;branch=a", v6, "SIP/2.0/TCP [2001:db8::7]:1;branch=a"},
		{"SIP/2.0/UDP [2001:db8::1];rport;branch=a", v6, "SIP/2.0/UDP [2001:db8::1];rport=7777;branch=a;received=2001:db8::7"},
	} {
		if got := sipprobe.ViaReceived(row.via, row.from); got != row.want {
			t.Errorf("%q\n got %q\nwant %q", row.via, got, row.want)
		}
	}
}

func TestViaSentBy(t *testing.T) {
	for via, want := range map[string]string{
		"SIP/2.0/UDP 192.0.2.7:5080;branch=a":         "192.0.2.7:5080",
		"SIP/2.0/UDP 192.0.2.7;branch=a":              "192.0.2.7:0",
		"SIP / 2.0 / UDP  192.0.2.7 : 5080 ;branch=a": "192.0.2.7:5080",
		"SIP/2.0/TLS [2001:db8::1]:5061":              "[2001:db8::1]:5061",
		"SIP/2.0/TLS [2001:db8::1]":                   "[2001:db8::1]:0",
		"SIP/2.0/UDP pbx.example:5080":                "invalid AddrPort",
		"SIP/2.0/UDP":                                 "invalid AddrPort",
		"":                                            "invalid AddrPort",
	} {
		addr, port := sipprobe.ViaSentBy(via)
		if got := netip.AddrPortFrom(addr, port); got.String() != want {
			t.Errorf("%q: %v, want %v", via, got, want)
		}
	}
	if _, port := sipprobe.ViaSentBy("SIP/2.0/UDP pbx.example:5080;branch=a"); port != 5080 {
		t.Errorf("port %d", port)
	}
}

func TestObserved(t *testing.T) {
	for via, want := range map[string]string{
		"x;received=192.0.2.7;rport=1":        "192.0.2.7:1",
		"x;rport=2;received=[2001:db8::1]":    "[2001:db8::1]:2",
		"x;rport=2;received=2001:db8::1":      "[2001:db8::1]:2",
		"x;received=::ffff:192.0.2.7;rport=1": "192.0.2.7:1",
		"x;received=192.0.2.7":                "invalid AddrPort",
		"x;rport=1":                           "invalid AddrPort",
		"x;received=pbx;rport=70000":          "invalid AddrPort",
	} {
		if got := sipprobe.Observed(via); got.String() != want {
			t.Errorf("%q: %v, want %v", via, got, want)
		}
	}
}

func TestReplyTo(t *testing.T) {
	source := netip.MustParseAddrPort("192.0.2.7:7777")
	for _, row := range []struct {
		rport bool
		port  int
		want  uint16
	}{{true, 5080, 7777}, {false, 5080, 5080}, {false, 0, 5060}, {false, -1, 5060}, {false, 70000, 5060}} {
		if got := sipprobe.ReplyTo(row.rport, row.port, source); got != netip.AddrPortFrom(source.Addr(), row.want) {
			t.Errorf("%+v: %v", row, got)
		}
	}
}
