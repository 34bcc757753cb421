package resolve

import (
	"net/netip"
	"slices"
	"testing"
)

func FuzzNAPTR(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x02\x01s\x07SIP+D2U\x00\x01a\x02bc\x00"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := record(b); ok && len(n.Flags)+len(n.Service)+len(n.Regexp)+len(n.Replacement) > len(b) {
			t.Errorf("%q: %+v", b, n)
		}
		_, _ = parse(b, 0)
	})
}

func TestNameservers(t *testing.T) {
	got := nameservers("# x\nsearch example.com\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\nnameserver x\noptions edns0\n")
	want := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("[fe80::1%eth0]:53")}
	if !slices.Equal(got, want) {
		t.Error(got)
	}
}
