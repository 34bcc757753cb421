package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/natlab"
	"bothways/internal/testca"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A PBXService is a real service at one port: a web server, with TLS or without, a chat
// server that opens streams and begins TLS, or a SIP endpoint that answers anyone.
type PBXService struct {
	Proto  natlab.Proto
	Port   uint16
	Speaks scenarios.Protocol
}

// SIP ports of a responder beside a PBX that holds the usual ones.
const (
	besideSIP    = 5070
	besideSIPTLS = 5071
)

// sipPorts are those of the responder.
func (f Fault) sipPorts() map[sipprobe.Transport]uint16 {
	for _, s := range f.PBX {
		if s.Port == sipprobe.UDP.DefaultPort() {
			return map[sipprobe.Transport]uint16{sipprobe.UDP: besideSIP, sipprobe.TCP: besideSIP, sipprobe.TLS: besideSIPTLS}
		}
	}
	return sipPorts()
}

// busy starts the services of the PBX and of its twin on the neighbour.
func busy(ctx context.Context, l *natlab.Lab, f Fault) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	inside, neighbour := l.Addresses.Inside, l.Addresses.Neighbour
	if f.IPv6 {
		inside, neighbour = l.Addresses.Inside6, l.Addresses.Neighbour6
	}
	for _, place := range []struct {
		host     *natlab.Host
		addr     netip.Addr
		services []PBXService
	}{{l.Inside, inside, f.PBX}, {l.Neighbour, neighbour, f.Twins}} {
		cert, err := pbxCertificate()
		if err != nil {
			stop()
			return nil, err
		}
		for _, s := range place.services {
			end, err := s.start(ctx, place.host, netip.AddrPortFrom(place.addr, s.Port), cert)
			if err != nil {
				stop()
				return nil, fmt.Errorf("%s %d: %w", s.Speaks, s.Port, err)
			}
			stops = append(stops, end)
		}
	}
	return stop, nil
}

// pbxCertificate is another one for each machine, by the same name.
func pbxCertificate() (tls.Certificate, error) {
	ca, err := testca.New("Lab PBX")
	if err != nil {
		return tls.Certificate{}, err
	}
	return ca.Issue(testca.Request{Name: "pbx.example.com"})
}

func (s PBXService) start(ctx context.Context, h *natlab.Host, at netip.AddrPort, cert tls.Certificate) (stop func(), err error) {
	if s.Proto == natlab.UDP {
		c, err := h.ListenPacket(ctx, at)
		if err != nil {
			return nil, err
		}
		return sipService(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: c})
	}
	l, err := h.ListenTCP(ctx, at)
	if err != nil {
		return nil, err
	}
	switch s.Speaks {
	case "sip":
		return sipService(sipprobe.EndpointConfig{Transport: sipprobe.TCP, Listener: l})
	case "xmpp":
		b := openBox(l, func(c net.Conn) { chat(c, cert) })
		return b.close, nil
	}
	web := &http.Server{Handler: http.HandlerFunc(front), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	var served net.Listener = l
	if s.Speaks == "https" {
		served = tls.NewListener(l, serverConfig(cert, 0))
	}
	go func() { ended <- web.Serve(served) }()
	return func() { web.Close(); <-ended }, nil
}

func front(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Server", "Lab PBX")
	w.WriteHeader(http.StatusOK)
}

func sipService(cfg sipprobe.EndpointConfig) (stop func(), err error) {
	cfg.Software = "Lab PBX"
	cfg.Serve = func(in *sipprobe.Incoming) { in.Reply(http.StatusOK, "OK", sipprobe.Body{}) }
	e, err := sipprobe.Start(cfg)
	if err != nil {
		return nil, err
	}
	return func() { e.Close() }, nil
}

// chat opens a stream and begins TLS (RFC 6120 sections 4.3 and 5.4).
func chat(c net.Conn, cert tls.Certificate) {
	const features = "<?xml version='1.0'?><stream:stream from='pbx.example.com' id='%d' version='1.0' xmlns='jabber:client' " +
		"xmlns:stream='http://etherx.jabber.org/streams'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
	if !heardOf(c, "<stream:stream ", ">") {
		return
	}
	fmt.Fprintf(c, features, time.Now().UnixNano())
	if !heardOf(c, "<starttls ", "/>") {
		return
	}
	io.WriteString(c, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	t := tls.Server(c, serverConfig(cert, 0))
	if t.Handshake() == nil {
		io.Copy(io.Discard, t)
	}
}

// heardOf reads until an element has come, and no byte more than its peer sent so far.
func heardOf(c net.Conn, begin, end string) bool {
	var all bytes.Buffer
	buf := make([]byte, 1024)
	for all.Len() < 1<<14 {
		if _, rest, found := strings.Cut(all.String(), begin); found && strings.Contains(rest, end) {
			return true
		}
		n, err := c.Read(buf)
		all.Write(buf[:n])
		if err != nil && n == 0 {
			return false
		}
	}
	return false
}
