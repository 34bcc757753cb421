package responder

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/sipprobe"
)

func (r *Responder) listen(ctx context.Context) error {
	var err error
	if r.addresses, err = r.cfg.Network.Addresses(); err != nil {
		return err
	}
	listen := r.cfg.Listen
	if len(listen) == 0 {
		listen = r.addresses
	}
	certificate, err := r.certificate()
	if err != nil {
		return err
	}
	for _, t := range sipprobe.Transports() {
		port, on := r.cfg.Ports[t]
		for _, addr := range listen {
			if on {
				r.open(ctx, t, netip.AddrPortFrom(addr, port), certificate)
			}
		}
	}
	if len(r.endpoints) == 0 {
		return r.noSocket()
	}
	return nil
}

func (r *Responder) noSocket() error {
	if len(r.sockets) == 0 {
		return fmt.Errorf("%w: every transport is off", ErrNoSocket)
	}
	return fmt.Errorf("%w: %w", ErrNoSocket, r.refused)
}

func (r *Responder) certificate() (tls.Certificate, error) {
	if r.cfg.Certificate != nil {
		return *r.cfg.Certificate, nil
	}
	return network.SelfSigned("bothways-responder", r.addresses)
}

// presented is what the ledger says of the certificate.
func (r *Responder) presented(cert tls.Certificate) *evidence.Presented {
	p := &evidence.Presented{SelfMade: r.cfg.Certificate == nil}
	for _, der := range cert.Certificate {
		p.SHA256 = append(p.SHA256, network.Fingerprint(der))
	}
	return p
}

// open starts one endpoint, or lists why it could not.
func (r *Responder) open(ctx context.Context, t sipprobe.Transport, addr netip.AddrPort, cert tls.Certificate) {
	e, err := r.start(ctx, t, addr, cert)
	s := evidence.Socket{Transport: t, Address: addr}
	if t == sipprobe.TLS {
		s.Presented = r.presented(cert)
	}
	if err != nil {
		s.Error = err.Error()
		r.refused = cmp.Or(r.refused, err)
		r.cfg.Logger.Warn("cannot listen", "transport", t, "address", addr, "error", err)
	} else {
		s.Address = e.Local()
		r.endpoints = append(r.endpoints, e)
	}
	r.sockets = append(r.sockets, s)
}

func (r *Responder) start(ctx context.Context, t sipprobe.Transport, addr netip.AddrPort, cert tls.Certificate) (*sipprobe.Endpoint, error) {
	if t == sipprobe.UDP {
		conn, err := r.cfg.Network.ListenPacket(ctx, addr)
		if err != nil {
			return nil, err
		}
		return r.startUDP(conn)
	}
	l, err := r.cfg.Network.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	if t == sipprobe.TLS {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	cfg := r.endpointConfig(t)
	cfg.Listener = l
	return r.started(cfg, l.Addr())
}

func (r *Responder) endpointConfig(t sipprobe.Transport) sipprobe.EndpointConfig {
	return sipprobe.EndpointConfig{
		Transport: t, Tape: r.tape, Guard: r.guard, Key: r.cfg.Key, Software: r.software(),
		Serve: r.serve, MaySend: r.maySend, Logger: r.cfg.Logger,
	}
}

func (r *Responder) startUDP(conn net.PacketConn) (*sipprobe.Endpoint, error) {
	cfg := r.endpointConfig(sipprobe.UDP)
	cfg.PacketConn = conn
	return r.started(cfg, conn.LocalAddr())
}

// started serves a socket of a local address.
func (r *Responder) started(cfg sipprobe.EndpointConfig, local net.Addr) (*sipprobe.Endpoint, error) {
	public, at := r.cfg.Public, network.AddrPort(local)
	if public.IsValid() && at.Addr().Is4() == public.Is4() {
		cfg.Advertise = netip.AddrPortFrom(public, at.Port())
	}
	return sipprobe.Start(cfg)
}
