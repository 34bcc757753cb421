package network_test

import (
	"crypto/x509"
	"net/netip"
	"testing"

	"bothways/internal/network"
)

func TestPrivate(t *testing.T) {
	for address, want := range map[string]bool{
		"192.168.1.10": true, "10.0.0.1": true, "172.31.0.1": true, "100.64.0.1": true, "100.127.255.255": true,
		"fd00::1": true, "::ffff:192.168.1.10": true,
		"203.0.113.10": false, "100.128.0.1": false, "172.32.0.1": false, "2001:db8::1": false, "127.0.0.1": false,
	} {
		if got := network.Private(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if network.Private(netip.Addr{}) {
		t.Error("no address is private")
	}
}

func TestSelfSignedNamesItsHost(t *testing.T) {
	pair, err := network.SelfSigned("somebody", []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), {}})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"somebody", "192.0.2.1", "2001:db8::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}
