package lab

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"bothways/internal/natlab"
)

// A Service is a program on the neighbour: over TCP a web server, over UDP one that
// answers every datagram.
type Service struct {
	Proto natlab.Proto
	Port  uint16
}

// neighbours starts the neighbour's services.
func neighbours(ctx context.Context, l *natlab.Lab, f Fault) (dismiss func(), err error) {
	var stops []func()
	dismiss = func() {
		for _, stop := range stops {
			stop()
		}
	}
	for _, s := range f.Neighbours {
		at := netip.AddrPortFrom(l.Addresses.Neighbour, s.Port)
		if f.IPv6 {
			at = netip.AddrPortFrom(l.Addresses.Neighbour6, s.Port)
		}
		start := answerAll
		if s.Proto == natlab.TCP {
			start = serveWeb
		}
		stop, err := start(ctx, l.Neighbour, at)
		if err != nil {
			dismiss()
			return nil, err
		}
		stops = append(stops, stop)
	}
	return dismiss, nil
}

func serveWeb(ctx context.Context, h *natlab.Host, at netip.AddrPort) (stop func(), err error) {
	l, err := h.ListenTCP(ctx, at)
	if err != nil {
		return nil, err
	}
	web := &http.Server{Handler: http.NotFoundHandler()}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(l) }()
	return func() { _ = errors.Join(web.Close(), <-ended) }, nil
}

// answerAll answers every datagram with the same few bytes.
func answerAll(ctx context.Context, h *natlab.Host, at netip.AddrPort) (stop func(), err error) {
	c, err := h.ListenPacket(ctx, at)
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 2048)
		for {
			_, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			c.WriteToUDPAddrPort([]byte("who is there?\n"), from)
		}
	}()
	return func() { c.Close(); <-ended }, nil
}
