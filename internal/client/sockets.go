package client

import (
	"context"
	"crypto/tls"
	"net/netip"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/sipprobe"
)

// A flow is a path to the responder that this end opens, from a port of its own
// that is not the one under test.
type flow struct {
	endpoint *sipprobe.Endpoint
	peer     netip.AddrPort
	mu       sync.Mutex // held while connecting
}

// openFlows makes an endpoint for each transport of the site. Connections are
// opened when they are needed.
func (r *run) openFlows(ctx context.Context) {
	for _, t := range sipprobe.Transports() {
		port, on := r.cfg.Ports[t]
		if !on {
			continue
		}
		cfg := r.endpointConfig(t)
		if t == sipprobe.UDP {
			conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, 0))
			if err != nil {
				r.fault("udp: " + err.Error())
				continue
			}
			cfg.PacketConn = conn
		}
		e, err := sipprobe.Start(cfg)
		if err != nil {
			r.fault(string(t) + ": " + err.Error())
			continue
		}
		r.flows[t] = &flow{endpoint: e, peer: netip.AddrPortFrom(r.cfg.Address, port)}
	}
}

func (r *run) fault(text string) { r.ev.Client.Faults = append(r.ev.Client.Faults, text) }

func (r *run) endpointConfig(t sipprobe.Transport) sipprobe.EndpointConfig {
	return sipprobe.EndpointConfig{
		Transport: t, Tape: r.tape, Guard: r.guard, Key: r.cfg.Key, User: r.ev.Run.ID,
		Software: r.software(), Serve: r.serve, MaySend: r.maySend,
	}
}

// maySend limits where this end sends on the word of the responder: to the address
// that the user named, and to private ones, which lead nowhere or to the site.
func (r *run) maySend(to netip.AddrPort) bool {
	return to.Addr() == r.cfg.Address || network.Private(to.Addr())
}

// openOwn listens on this end's own ports, for calls from the site.
func (r *run) openOwn(ctx context.Context) {
	for _, t := range sipprobe.Transports() {
		port, on := r.cfg.OwnPorts[t]
		if !on || r.own[t] != nil { // a responder has dialled in there
			continue
		}
		if r.sameHost() && port == r.cfg.Ports[t] { // the responder's, or this end would answer itself
			port = 0
		}
		e, err := r.listen(ctx, t, netip.AddrPortFrom(r.local, port))
		if err != nil && port != 0 { // taken, or not allowed: any other does
			e, err = r.listen(ctx, t, netip.AddrPortFrom(r.local, 0))
		}
		s := evidence.Socket{Transport: t, Address: netip.AddrPortFrom(r.local, port)}
		if err != nil {
			s.Error = err.Error()
		} else {
			s.Address = e.Local()
			r.own[t] = e
		}
		r.ev.Client.Sockets = append(r.ev.Client.Sockets, s)
	}
}

func (r *run) listen(ctx context.Context, t sipprobe.Transport, local netip.AddrPort) (*sipprobe.Endpoint, error) {
	cfg := r.endpointConfig(t)
	if t == sipprobe.UDP {
		conn, err := r.cfg.Network.ListenPacket(ctx, local)
		if err != nil {
			return nil, err
		}
		cfg.PacketConn = conn
		return sipprobe.Start(cfg)
	}
	l, err := r.cfg.Network.Listen(ctx, local)
	if err != nil {
		return nil, err
	}
	if t == sipprobe.TLS {
		cert, err := network.SelfSigned("bothways", []netip.Addr{r.local})
		if err != nil {
			l.Close()
			return nil, err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	cfg.Listener = l
	return sipprobe.Start(cfg)
}
