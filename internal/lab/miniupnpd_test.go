package lab_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/internal/network/networktest"
)

// TestMiniUPnPd asks the program that speaks NAT-PMP, UPnP and PCP on many real routers. It
// names no address that has no meaning on the Internet, so that behind a carrier it refuses,
// but in PCP.
func TestMiniUPnPd(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	program := tool(t, "miniupnpd", "miniupnpd-nftables")
	for _, row := range []struct {
		name, config string
		want         []string
	}{
		{"public", "ext_ip=9.9.9.9\n", []string{"nat-pmp told 9.9.9.9", "upnp told 9.9.9.9"}},
		{"behind a carrier", "", []string{"nat-pmp refused", "upnp refused", "pcp told 100.64.0.10"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l, err := natlab.Build(t.Context(), natlab.Topology{Carrier: true})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			chains(t, l)
			serve(t, l, program, row.config)
			var g evidence.Gateway
			answered := networktest.Eventually(gateway.Patience*8, func() bool { // it takes a while to start
				g = gateway.Ask(t.Context(), lab.OnHost(l.Inside))
				return len(g.Answers) >= 2 && g.Answers[0].Outcome != "silent" && g.Answers[1].Outcome != "silent"
			})
			if !answered || g.Address != netip.MustParseAddr("192.168.1.1") {
				t.Fatalf("%+v", g)
			}
			var got []string
			for _, a := range g.Answers {
				got = append(got, words(a))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
			ctx, cancel := context.WithTimeout(t.Context(), gateway.Patience*8)
			defer cancel()
			wan, err := gateway.AskPCP(ctx, lab.OnHost(l.Inside), netip.AddrPortFrom(g.Address, 5351))
			if err != nil || !strings.Contains(row.config+"100.64.0.10", wan.String()) {
				t.Errorf("by PCP %v %v", wan, err)
			}
		})
	}
}

func words(a evidence.GatewayAnswer) string {
	if a.Outcome != "told" {
		return fmt.Sprint(a.Protocol, " ", a.Outcome)
	}
	return fmt.Sprint(a.Protocol, " told ", a.WAN)
}

// tool finds a program of a Debian package.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, name := range []string{name, "/usr/sbin/" + name} { // not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	t.Skipf("%s is missing: apt-get install %s", name, pkg)
	return ""
}

// chains makes those that the program puts its mappings in, which it refuses to do by PCP
// as long as they are not there. They are reached from nowhere.
func chains(t *testing.T, l *natlab.Lab) {
	t.Helper()
	nft := l.Site.Command(t.Context(), tool(t, "nft", "nftables"), "add table inet miniupnpd; add chain inet miniupnpd miniupnpd; "+
		"add chain inet miniupnpd prerouting_miniupnpd; add chain inet miniupnpd postrouting_miniupnpd")
	if err := nft.Start(); err != nil {
		t.Fatal(err)
	}
	if err := nft.Wait(); err != nil {
		t.Fatal(err)
	}
}

// serve runs miniupnpd on the site's router until the test ends.
func serve(t *testing.T, l *natlab.Lab, program, config string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "miniupnpd.conf")
	config += "upnp_table_name=miniupnpd\nupnp_nat_table_name=miniupnpd\next_ifname=wan\nlistening_ip=lan\nhttp_port=0\nenable_natpmp=yes\nenable_upnp=yes\nuuid=00000000-0000-0000-0000-000000000001\n"
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
