package responder_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// taken are ports that another program holds.
func taken(t *testing.T, transports ...sipprobe.Transport) map[sipprobe.Transport]uint16 {
	t.Helper()
	ports := anyPorts()
	for _, transport := range transports {
		if transport == sipprobe.UDP {
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			ports[transport] = uint16(c.LocalAddr().(*net.UDPAddr).Port)
			continue
		}
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		ports[transport] = uint16(l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func TestSocketsInUse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		taken []sipprobe.Transport
		works sipprobe.Transport
	}{
		{"udp", []sipprobe.Transport{sipprobe.UDP}, sipprobe.TLS},
		{"tcp", []sipprobe.Transport{sipprobe.TCP}, sipprobe.UDP},
		{"udp and tls", []sipprobe.Transport{sipprobe.UDP, sipprobe.TLS}, sipprobe.TCP},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, func(c *responder.Config) { c.Ports = taken(t, row.taken...) })
			failed := 0
			for _, s := range r.Sockets() {
				if s.Error != "" {
					failed++
				}
			}
			if failed != len(row.taken) || len(r.Sockets()) != 3 {
				t.Errorf("%+v", r.Sockets())
			}
			if reply := newAgent(t, r, row.works, "abc").hello(t); reply.Welcome == nil {
				t.Errorf("%+v", reply)
			}
		})
	}
}

func TestNoSocket(t *testing.T) {
	networktest.Leaks(t)
	for _, row := range []struct {
		name    string
		ports   map[sipprobe.Transport]uint16
		message string
	}{
		{"all in use", taken(t, sipprobe.Transports()...), "in use"},
		{"all off", nil, "every transport is off"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := responder.Start(t.Context(), responder.Config{Network: network.Host{}, Key: "k", Ports: row.ports,
				Listen: []netip.Addr{loopback}})
			if !errors.Is(err, responder.ErrNoSocket) || !strings.Contains(err.Error(), row.message) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	if _, err := responder.Start(t.Context(), responder.Config{Network: network.Host{}, Ports: anyPorts()}); err == nil {
		t.Error("a responder without a key was started")
	}
}
