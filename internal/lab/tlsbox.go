package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/natlab"
	"bothways/internal/testca"
	"bothways/sipprobe"
)

// An Interceptor is a program on the site's router that opens TLS: it presents a
// certificate of its own to the client, and passes on what it reads to the inside host.
// The topology must forward the port to the router.
type Interceptor struct {
	// MinVersion is the oldest version of TLS that it accepts; 0 is 1.2.
	MinVersion uint16
}

// A TLSServer is a service of the PBX beside SIP, on the inside host.
type TLSServer struct {
	Port uint16
	// MinVersion is the oldest version of TLS that it accepts; 0 is 1.2.
	MinVersion uint16
	// Flaw is what is wrong with its certificate: "expired", "not-yet-valid",
	// "incomplete" or "order"; empty is nothing.
	Flaw string
	// Name is the name in the certificate.
	Name string
}

// A box accepts connections until it is closed.
type box struct {
	listener net.Listener
	work     sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
	closed   bool
}

func openBox(l net.Listener, each func(net.Conn)) *box {
	b := &box{listener: l, conns: make(map[net.Conn]bool)}
	b.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if b.keep(c) {
				b.work.Go(func() {
					defer b.drop(c)
					each(c)
				})
			}
		}
	})
	return b
}

func (b *box) keep(c net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		c.Close()
		return false
	}
	b.conns[c] = true
	return true
}

func (b *box) drop(c net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	c.Close()
}

// close ends every connection, and returns when nothing is left.
func (b *box) close() {
	b.listener.Close()
	b.mu.Lock()
	b.closed = true
	for c := range b.conns {
		c.Close()
	}
	b.mu.Unlock()
	b.work.Wait()
}

// boxes starts the interceptor and the servers of a fault.
func boxes(ctx context.Context, l *natlab.Lab, f Fault) (stop func(), err error) {
	var open []*box
	stop = func() {
		for _, b := range open {
			b.close()
		}
	}
	start := func(h *natlab.Host, at netip.AddrPort, each func(net.Conn)) error {
		listener, err := h.ListenTCP(ctx, at)
		if err == nil {
			open = append(open, openBox(listener, each))
		}
		return err
	}
	if f.Interceptor != nil {
		each, err := f.Interceptor.serve(ctx, l)
		if err == nil {
			err = start(l.Site, netip.AddrPortFrom(l.Addresses.RouterLAN, sipprobe.TLS.DefaultPort()), each)
		}
		if err != nil {
			stop()
			return nil, err
		}
	}
	for _, s := range f.Servers {
		each, err := s.serve()
		if err == nil {
			err = start(l.Inside, netip.AddrPortFrom(l.Addresses.Inside, s.Port), each)
		}
		if err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

// serve opens TLS, and a connection of its own to the inside host.
func (i Interceptor) serve(ctx context.Context, l *natlab.Lab) (func(net.Conn), error) {
	ca, err := testca.New("Lab Firewall Inspection CA")
	if err != nil {
		return nil, err
	}
	cert, err := ca.Issue(testca.Request{Name: "pbx.example.com"})
	if err != nil {
		return nil, err
	}
	to := netip.AddrPortFrom(l.Addresses.Inside, sipprobe.TLS.DefaultPort())
	return func(c net.Conn) {
		outer := tls.Server(c, serverConfig(cert, i.MinVersion))
		if outer.HandshakeContext(ctx) != nil {
			return
		}
		conn, err := l.Site.DialTCP(ctx, netip.AddrPort{}, to)
		if err != nil {
			return
		}
		inner := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		defer inner.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.Copy(outer, inner)
			c.Close()
		}()
		io.Copy(inner, outer)
		conn.Close()
		<-done
	}, nil
}

func serverConfig(cert tls.Certificate, minVersion uint16) *tls.Config {
	if minVersion == 0 {
		minVersion = tls.VersionTLS12
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: minVersion}
}

// serve shakes hands, and waits for the client to go.
func (s TLSServer) serve() (func(net.Conn), error) {
	cert, err := s.certificate()
	if err != nil {
		return nil, err
	}
	return func(c net.Conn) {
		t := tls.Server(c, serverConfig(cert, s.MinVersion))
		if t.Handshake() == nil {
			io.Copy(io.Discard, t)
		}
	}, nil
}

func (s TLSServer) certificate() (tls.Certificate, error) {
	root, err := testca.New("Lab Root")
	if err != nil {
		return tls.Certificate{}, err
	}
	issuing, err := root.Intermediate("Lab Issuing CA")
	if err != nil {
		return tls.Certificate{}, err
	}
	now, day := time.Now(), 24*time.Hour
	r := testca.Request{Name: s.Name, NotBefore: now.Add(-30 * day), NotAfter: now.Add(60 * day)}
	switch s.Flaw {
	case "", "order":
	case "expired":
		r.NotAfter = now.Add(-3 * day)
	case "not-yet-valid":
		r.NotBefore = now.Add(2 * day)
	case "incomplete":
		r.Public = true
	default:
		return tls.Certificate{}, errors.New("no such flaw: " + s.Flaw)
	}
	cert, err := issuing.Issue(r)
	if err != nil {
		return tls.Certificate{}, err
	}
	switch s.Flaw {
	case "incomplete":
		cert.Certificate = cert.Certificate[:1]
	case "order":
		cert.Certificate = [][]byte{cert.Certificate[0], root.Certificate.Raw, cert.Certificate[1]}
	}
	return cert, nil
}
