package interop_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bothways/internal/network/networktest"
	"bothways/sipprobe"
)

// A proxy is Kamailio in front of somebody, as providers have it: it stays in the
// path of a call, and takes requests in a call only by their Route.
type proxy struct {
	at  netip.AddrPort // UDP and TCP
	out *output
}

const proxyConfig = `debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:%[1]s
listen=tcp:%[1]s
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xlog.so"
request_route {
	if (!mf_process_maxfwd_header("10")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans()) t_relay();
		exit;
	}
	if (has_totag()) {
		if (loose_route()) {
			xlog("L_ERR", "by its Route: $rm\n");
			t_relay();
		} else if (is_method("ACK")) {
			if (t_check_trans()) t_relay(); # of a refusal
		} else {
			sl_send_reply("404", "Not Here");
		}
		exit;
	}
	if (is_method("INVITE")) record_route();
	xlog("L_ERR", "to begin with: $rm\n");
	if ($proto == "tcp") {
		$du = "sip:%[3]s;transport=tcp";
	} else {
		$du = "sip:%[2]s;transport=udp";
	}
	t_relay();
}
`

// startProxy starts a proxy that passes everything on, over UDP and TCP to one address each.
func startProxy(t *testing.T, udp, tcp netip.AddrPort) *proxy {
	t.Helper()
	kamailio := peer(t, "kamailio", "kamailio")
	for range 3 {
		p := newProxy(t, kamailio, udp, tcp)
		if networktest.Eventually(10*time.Second, func() bool { return p.answers(t) || p.out.has("in use") }) && !p.out.has("in use") {
			return p
		}
		t.Log(p.out)
	}
	t.Fatal("Kamailio does not start")
	return nil
}

func newProxy(t *testing.T, kamailio string, udp, tcp netip.AddrPort) *proxy {
	t.Helper()
	dir := t.TempDir()
	p := &proxy{at: free(t), out: new(output)}
	config := filepath.Join(dir, "proxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, proxyConfig, p.at, udp, tcp), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(kamailio, "-f", config, "-DD", "-E", "-m", "32", "-M", "4", "-Y", dir, "-w", dir)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.out, p.out, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt) // killed, it would leave its children behind
		cmd.Wait()
		if t.Failed() {
			t.Logf("Kamailio says:\n%s", p.out)
		}
	})
	return p
}

// answers reports whether the proxy is there: it refuses what has no hops left.
func (p *proxy) answers(t *testing.T) bool {
	c := packetConn(t, loopback)
	defer c.Close()
	m := strings.Replace(request("OPTIONS", sipprobe.UDP, addressOfConn(c), 0), "Max-Forwards: 70", "Max-Forwards: 0", 1)
	c.WriteToUDPAddrPort([]byte(m), p.at)
	return len(received(c, 300*time.Millisecond)) > 0
}
