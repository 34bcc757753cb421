package sipprobe_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/sipprobe"
)

// invited sends an INVITE by hand to an end with such manners, whose Via names another
// socket at that host, and returns the port of each that hears the answer first, and the
// answer's source.
func invited(t *testing.T, via string, m func(*sipprobe.Endpoint) sipprobe.Manners) (heard string, from netip.AddrPort) {
	t.Helper()
	udp := setting{sipprobe.UDP, "127.0.0.1"}
	how := make(chan sipprobe.Manners, 1)
	server := udp.listen(t, sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) {
		defer in.Behave(<-how)()
		in.Reply(486, "Busy Here", sipprobe.Body{})
	}})
	how <- m(server)
	asker, other := packets(t), packets(t)
	host := strings.Replace(via, "PORT", portText(other), 1)
	text := "INVITE sip:x@" + server.Local().String() + " SIP/2.0\r\nVia: SIP/2.0/UDP " + host + ";branch=z9hG4bKmanners;rport\r\nMax-Forwards: 70\r\n" +
		"From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: manners\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n"
	if _, err := asker.WriteTo([]byte(text), net.UDPAddrFromAddrPort(server.Local())); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		where string
		from  net.Addr
	}
	got := make(chan answer, 2)
	for where, conn := range map[string]net.PacketConn{"asker": asker, "via": other} {
		go func() {
			conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, from, err := conn.ReadFrom(make([]byte, 2000)); err == nil {
				got <- answer{where, from}
			}
		}()
	}
	select {
	case a := <-got:
		return a.where, a.from.(*net.UDPAddr).AddrPort()
	case <-time.After(5 * time.Second):
		return "nobody", netip.AddrPort{}
	}
}

func packets(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func portText(c net.PacketConn) string {
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return port
}

// TestManners holds where answers go and where they come from, and that none ever goes to
// another host than the one that asked, whatever its Via says.
func TestManners(t *testing.T) {
	var aside netip.AddrPort
	for name, row := range map[string]struct {
		via         string
		ignore, off bool
		want        string
	}{
		"as it should":                   {"127.0.0.1:PORT", false, false, "asker"},
		"rport ignored":                  {"127.0.0.1:PORT", true, false, "via"},
		"rport ignored, somebody's Via":  {"192.0.2.7:PORT", true, false, "via"}, // its port, at the host that asked
		"from another port":              {"127.0.0.1:PORT", false, true, "asker"},
		"from another port, to that one": {"127.0.0.1:PORT", true, true, "via"},
	} {
		t.Run(name, func(t *testing.T) {
			var own netip.AddrPort
			heard, from := invited(t, row.via, func(e *sipprobe.Endpoint) sipprobe.Manners {
				own = e.Local()
				m := sipprobe.Manners{IgnoreRport: row.ignore}
				if row.off {
					c := packets(t)
					m.From, aside = c, c.LocalAddr().(*net.UDPAddr).AddrPort()
				}
				return m
			})
			if want := map[bool]netip.AddrPort{false: own, true: aside}[row.off]; heard != row.want || from != want {
				t.Errorf("%s heard it, from %s; want %s, from %s", heard, from, row.want, want)
			}
		})
	}
}
