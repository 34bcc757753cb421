package sipprobe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"syscall"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// build puts sipgo's parts together.
func (e *Endpoint) build() error {
	logger := e.cfg.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	ua, err := sipgo.NewUA(
		sipgo.WithUserAgent(e.software()),
		sipgo.WithUserAgentDNSResolver(&net.Resolver{PreferGo: true, Dial: refuseDial}),
		sipgo.WithUserAgentTransportLayerOptions(
			sip.WithTransportLayerLogger(logger),
			sip.WithTransportLayerTransports(sip.TransportsConfig{
				TCP: &sip.TransportTCP{DialerCreate: refusingDialer},
				TLS: &sip.TransportTLS{TransportTCP: &sip.TransportTCP{DialerCreate: refusingDialer}},
			}),
		),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(logger),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {}),
			sip.WithTransactionLayerTerminateOnConnClose(),
		),
	)
	if err != nil {
		return err
	}
	e.ua = ua
	e.pool = ua.TransportLayer().Pool(string(e.cfg.Transport))
	if e.server, err = sipgo.NewServer(ua, sipgo.WithServerLogger(logger)); err != nil {
		return err
	}
	e.server.OnBye(e.onBye)
	e.server.OnNoRoute(e.onRequest)
	e.client, err = sipgo.NewClient(ua, sipgo.WithClientLogger(logger))
	return err
}

func refuseDial(context.Context, string, string) (net.Conn, error) { return nil, errNoDial }

// refusingDialer gives up when the socket exists and before it sends a packet.
func refusingDialer(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errNoDial }}
}

// servePackets hands the guarded socket to sipgo and waits until it reads from it,
// because a request sent earlier would make sipgo bind a socket of its own.
func (e *Endpoint) servePackets() error {
	e.local = addrPort(e.cfg.PacketConn.LocalAddr())
	if !e.local.IsValid() || e.local.Port() == 0 {
		return fmt.Errorf("cannot serve %v: not a UDP address", e.cfg.PacketConn.LocalAddr())
	}
	e.packets = &guardedPacketConn{
		PacketConn: e.cfg.PacketConn, endpoint: e, reading: make(chan struct{}), limit: cmp.Or(e.cfg.sources, maxSourcesSeen),
	}
	var failed error
	go func() {
		defer close(e.served)
		failed = e.packets.serve()
	}()
	select {
	case <-e.packets.reading:
		return nil
	case <-e.served:
		return fmt.Errorf("cannot serve %s: %w", e.local, failed)
	}
}

func (e *Endpoint) serveConns() {
	e.queue = newConnQueue(e, e.cfg.Listener)
	e.local = addrPort(e.queue.Addr())
	serve := e.server.ServeTCP
	if e.cfg.Transport == TLS {
		serve = e.server.ServeTLS
	}
	go func() {
		defer close(e.served)
		serve(e.queue)
		e.queue.cancel()
	}()
	if e.cfg.Listener != nil {
		e.queue.wg.Go(e.queue.acceptLoop)
	}
}
