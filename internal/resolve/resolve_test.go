package resolve_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bothways/internal/natlab"
	"bothways/internal/resolve"
)

var (
	pbx   = netip.MustParseAddr("203.0.113.10")
	pbx6  = netip.MustParseAddr("2001:db8::10")
	other = netip.MustParseAddr("203.0.113.20")
)

// serve answers for a zone on loopback.
func serve(t *testing.T, z natlab.Zone) resolve.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go natlab.ServeDNS(c, z)
	return resolve.Resolver{Server: netip.MustParseAddrPort(c.LocalAddr().String())}
}

func srv(priority uint16, port uint16, target string) natlab.Records {
	return natlab.Records{SRV: []natlab.SRVRecord{{Priority: priority, Port: port, Target: target}}}
}

func at(addrs ...netip.Addr) natlab.Records { return natlab.Records{Addresses: addrs} }

func TestResolve(t *testing.T) {
	t.Parallel()
	two := natlab.Records{SRV: []natlab.SRVRecord{{Priority: 20, Port: 5060, Target: "b.example.com."}, {Priority: 10, Port: 5062, Target: "a.example.com."}}}
	tests := []struct {
		name      string
		zone      natlab.Zone
		used      netip.Addr
		host      string
		srv       int
		transport string // of the first
	}{
		{"an address alone", natlab.Zone{"example.com.": at(pbx)}, pbx, "example.com", 0, ""},
		{"SRV before the address", natlab.Zone{"example.com.": at(other), "_sip._tcp.example.com.": srv(1, 5060, "a.example.com."), "a.example.com.": at(pbx)},
			pbx, "a.example.com", 1, "tcp"},
		{"by priority", natlab.Zone{"example.com.": at(), "_sip._udp.example.com.": two, "a.example.com.": at(pbx), "b.example.com.": at(other)},
			pbx, "a.example.com", 2, "udp"},
		{"a target without address", natlab.Zone{"example.com.": at(), "_sip._udp.example.com.": two, "b.example.com.": at(other)},
			other, "b.example.com", 2, "udp"},
		{"no target has an address", natlab.Zone{"example.com.": at(other), "_sip._udp.example.com.": two}, other, "example.com", 2, "udp"},
		{"not offered over UDP", natlab.Zone{"example.com.": at(other), "_sip._udp.example.com.": srv(0, 0, "."), "_sips._tcp.example.com.": srv(0, 5061, "a.example.com."), "a.example.com.": at(pbx)},
			pbx, "a.example.com", 2, "udp"},
		{"NAPTR prefers TLS", natlab.Zone{
			"example.com.": {NAPTR: []natlab.NAPTRRecord{
				{Order: 20, Preference: 5, Flags: "s", Service: "SIP+D2U", Replacement: "_sip._udp.example.com."},
				{Order: 10, Preference: 5, Flags: "S", Service: "SIPS+D2T", Replacement: "secure.example.com."},
				{Order: 1, Flags: "u", Service: "E2U+email", Text: "!^.*$!mailto:x@example.com!"},
			}},
			"_sip._udp.example.com.": srv(1, 5060, "b.example.com."), "secure.example.com.": srv(1, 5061, "a.example.com."),
			"a.example.com.": at(pbx), "b.example.com.": at(other),
		}, pbx, "a.example.com", 2, "tls"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := serve(t, tt.zone).Resolve(t.Context(), "example.com")
			if err != nil || got.Used != tt.used || got.UsedHost != tt.host || len(got.SRV) != tt.srv || len(got.Faults) != 0 || got.NAPTRMissing != "" {
				t.Fatalf("%+v %v", got, err)
			}
			if tt.transport != "" && got.SRV[0].Transport != tt.transport {
				t.Errorf("%+v", got.SRV)
			}
			if !slices.Contains(got.Addresses(), tt.used) {
				t.Errorf("%v", got.Addresses())
			}
		})
	}
}

func TestNAPTRFields(t *testing.T) {
	t.Parallel()
	z := natlab.Zone{"example.com.": {Addresses: []netip.Addr{pbx}, NAPTR: []natlab.NAPTRRecord{{Order: 7, Preference: 9, Flags: "s", Service: "SIP+D2U", Replacement: "x.example.com."}}}}
	got, err := serve(t, z).Resolve(t.Context(), "example.com.")
	want := resolve.NAPTR{Order: 7, Preference: 9, Flags: "s", Service: "SIP+D2U", Replacement: "x.example.com", TTLSeconds: 300}
	if err != nil || len(got.NAPTR) != 1 || got.NAPTR[0] != want || got.Used != pbx {
		t.Errorf("%+v %v", got, err)
	}
}

// TestNothing asks for what is not there, and one who does not answer.
func TestNothing(t *testing.T) {
	t.Parallel()
	got, err := serve(t, natlab.Zone{}).Resolve(t.Context(), "example.com")
	if err == nil || got.Used.IsValid() || got.Hosts[0].Error != "no such name" || got.NAPTR == nil {
		t.Errorf("%+v %v", got, err)
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	got, err = resolve.Resolver{Server: netip.MustParseAddrPort(c.LocalAddr().String())}.Resolve(ctx, "example.com")
	if err == nil || got.NAPTR != nil || got.NAPTRMissing == "" || len(got.Faults) == 0 || time.Since(start) > 3*time.Second {
		t.Errorf("%+v %v after %v", got, err, time.Since(start))
	}
}

func TestBothFamilies(t *testing.T) {
	t.Parallel()
	got, err := serve(t, natlab.Zone{"example.com.": at(pbx, pbx6)}).Resolve(t.Context(), "example.com")
	if err != nil || len(got.Addresses()) != 2 || got.Used != got.Hosts[0].Addresses[0] {
		t.Errorf("%+v %v", got, err)
	}
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{"pbx.example.com": true, "pbx": true, "_sip._udp.example.com": true, "203.0.113.10": false, "::1": false, "": false,
		"a b": false, "x\r\n": false, strings.Repeat("x", 254): false} {
		if resolve.IsName(name) != want {
			t.Errorf("%q", name)
		}
	}
}
