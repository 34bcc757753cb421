package lab_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/internal/network/networktest"
)

// TestMiniUPnPd asks the program that speaks NAT-PMP and UPnP on many real routers. It
// names no address that has no meaning on the Internet: behind a carrier it refuses.
func TestMiniUPnPd(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	program := miniupnpd(t)
	for _, row := range []struct {
		name, config, outcome string
		wan                   netip.Addr
	}{
		{"public", "ext_ip=9.9.9.9\n", "told", netip.MustParseAddr("9.9.9.9")},
		{"behind a carrier", "", "refused", netip.Addr{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l, err := natlab.Build(t.Context(), natlab.Topology{Carrier: true})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			serve(t, l, program, row.config)
			var g evidence.Gateway
			answered := networktest.Eventually(gateway.Patience*8, func() bool { // it takes a while to start
				g = gateway.Ask(t.Context(), lab.OnHost(l.Inside))
				return len(g.Answers) == 2 && g.Answers[0].Outcome != "silent" && g.Answers[1].Outcome != "silent"
			})
			if !answered || g.Address != netip.MustParseAddr("192.168.1.1") {
				t.Fatalf("%+v", g)
			}
			for _, a := range g.Answers {
				if a.Outcome != row.outcome || a.WAN != row.wan {
					t.Errorf("%+v, want %s %s", a, row.outcome, row.wan)
				}
			}
		})
	}
}

func miniupnpd(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"miniupnpd", "/usr/sbin/miniupnpd"} { // not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("miniupnpd is missing: apt-get install miniupnpd-nftables")
	}
	t.Skip("miniupnpd is missing: apt-get install miniupnpd-nftables")
	return ""
}

// serve runs miniupnpd on the site's router until the test ends.
func serve(t *testing.T, l *natlab.Lab, program, config string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "miniupnpd.conf")
	config += "ext_ifname=wan\nlistening_ip=lan\nhttp_port=0\nenable_natpmp=yes\nenable_upnp=yes\nuuid=00000000-0000-0000-0000-000000000001\n"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := l.Site.Command(ctx, program, "-d", "-f", file, "-P", filepath.Join(dir, "pid"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
}
