package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"bothways/internal/natlab"
	"bothways/internal/responder"
	"bothways/internal/testca"
	"bothways/sipprobe"
)

// A Vendor is a PBX's vendor on the lab's Internet, who has real servers under the names
// and on the ports of the scenario starface-servers, and a provider with those of
// starface-connect. The zero value is one without fault.
type Vendor struct {
	// Absent are names that the DNS does not know.
	Absent []string
	// Flaws are what is wrong with the TLS or the web server of a name: "expired",
	// "untrusted", "other-name", "intercepted" (what the site sees is another's
	// certificate), "unavailable" (HTTP 503), "not-http".
	Flaws map[string]string
	// Silent and Closed are the provider's addresses, counted from 0, that ignore SIP,
	// or have nobody listening.
	Silent, Closed []int
	// Untimed is true where nobody serves the time.
	Untimed bool
	// Forbidden is true where the responder's operator has allowed nothing.
	Forbidden bool
}

// The names of the vendor, in the order of their addresses, with the ports of each.
var (
	vendorNames = []string{"license.starface.de", "update.starface.de", "starface-cdn.de", "www.starface-cdn.de", "siptrunk.de", "push.starface.de", timeName}
	vendorDNS   = netip.MustParseAddr("192.0.2.53")
	// vendorSixth is the second address of one name.
	vendorSixth = netip.MustParseAddr("2001:db8:d::13")
)

const (
	timeName    = "pool.ntp.org"
	sixthName   = "starface-cdn.de"
	firstVendor = 11 // in 192.0.2.0/24
	firstTrunk  = 21
	trunks      = 5
)

func vendorAddress(last int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(last)}) }

// vendorAddresses are all that the Internet must have.
func vendorAddresses() []netip.Addr {
	out := []netip.Addr{vendorDNS}
	for i := range vendorNames {
		out = append(out, vendorAddress(firstVendor+i))
	}
	for i := range trunks {
		out = append(out, vendorAddress(firstTrunk+i))
	}
	return append(out, vendorSixth)
}

// vendorVariables put the vendor's servers in the place of the real ones.
func vendorVariables() map[string]string {
	set := map[string]string{"resolver": vendorDNS.String()}
	for i, name := range []string{"connect-1", "connect-2", "connect-3", "connect-4", "connect-5"} {
		set[name] = vendorAddress(firstTrunk + i).String()
	}
	return set
}

// egress is what the operator of the responder allows.
func (v *Vendor) egress() (responder.Egress, error) {
	if v == nil || v.Forbidden {
		return responder.Egress{}, nil
	}
	return responder.Egress{}.With([]string{"*.starface.de", "starface-cdn.de", "*.starface-cdn.de", "siptrunk.de", timeName, "192.0.2.0/24"})
}

// A vendorRun is the vendor's servers under way.
type vendorRun struct {
	Vendor
	host  *natlab.Host
	site  netip.Addr
	ca    *testca.Authority
	roots *x509.CertPool
	stops []func()
}

// vendor starts the servers of a fault; nil where it has none.
func vendor(ctx context.Context, l *natlab.Lab, f Fault) (*vendorRun, error) {
	if f.Vendor == nil {
		return &vendorRun{}, nil
	}
	ca, err := testca.New("Lab Public Root")
	if err != nil {
		return nil, err
	}
	r := &vendorRun{Vendor: *f.Vendor, host: l.Internet, site: l.Addresses.RouterWAN, ca: ca, roots: ca.Roots()}
	if err := r.start(ctx); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

func (r *vendorRun) stop() {
	for _, s := range slices.Backward(r.stops) {
		s()
	}
}

func (r *vendorRun) start(ctx context.Context) error {
	errs := []error{r.serveNames(ctx)}
	for i, name := range vendorNames {
		addr := vendorAddress(firstVendor + i)
		if name == timeName {
			errs = append(errs, r.serveTime(ctx, addr))
			continue
		}
		errs = append(errs, r.serveWeb(ctx, name, addr))
		if name == sixthName {
			errs = append(errs, r.serveWeb(ctx, name, vendorSixth))
		}
	}
	for i := range trunks {
		errs = append(errs, r.serveSIP(ctx, i))
	}
	return errors.Join(errs...)
}

// serveWeb serves HTTP on 80, and HTTPS on 443 and 8383.
func (r *vendorRun) serveWeb(ctx context.Context, name string, addr netip.Addr) error {
	flaw := r.Flaws[name]
	secure, err := r.tls(name, flaw)
	if err != nil {
		return err
	}
	for _, port := range []uint16{80, 443, 8383} {
		l, err := r.host.ListenTCP(ctx, netip.AddrPortFrom(addr, port))
		if err != nil {
			return err
		}
		var served net.Listener = l
		if port != 80 {
			served = tls.NewListener(l, secure)
		}
		if flaw == "not-http" {
			r.stops = append(r.stops, openBox(served, func(c net.Conn) { io.WriteString(c, "220 ready\r\n") }).close)
			continue
		}
		web := &http.Server{Handler: webOf(flaw), ErrorLog: log.New(io.Discard, "", 0)}
		ended := make(chan error, 1)
		go func() { ended <- web.Serve(served) }()
		r.stops = append(r.stops, func() { _ = errors.Join(web.Close(), <-ended) })
	}
	return nil
}

func webOf(flaw string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case flaw == "unavailable":
			http.Error(w, "later", http.StatusServiceUnavailable)
		case q.Host == "siptrunk.de":
			http.Redirect(w, q, "https://siptrunk.de/login", http.StatusFound)
		default:
			w.Header().Set("Server", "lab")
			io.WriteString(w, "welcome\n")
		}
	})
}

// tls is the configuration of a name's server.
func (r *vendorRun) tls(name, flaw string) (*tls.Config, error) {
	good, err := r.ca.Issue(testca.Request{Name: name})
	if err != nil {
		return nil, err
	}
	if flaw == "" || flaw == "unavailable" || flaw == "not-http" {
		return serverConfig(good, 0), nil
	}
	ca, request := r.ca, testca.Request{Name: name}
	switch flaw {
	case "expired":
		request.NotBefore, request.NotAfter = time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, 0, -3)
	case "other-name":
		request.Name = "www.example.com"
	case "untrusted", "intercepted":
		if ca, err = testca.New("Lab Firewall Inspection CA"); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("no such flaw: " + flaw)
	}
	bad, err := ca.Issue(request)
	if err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		from, _ := netip.ParseAddrPort(h.Conn.RemoteAddr().String())
		if flaw == "intercepted" && from.Addr() != r.site {
			return &good, nil
		}
		return &bad, nil
	}}, nil
}

// serveSIP answers OPTIONS at one of the provider's addresses.
func (r *vendorRun) serveSIP(ctx context.Context, i int) error {
	if slices.Contains(r.Closed, i) {
		return nil
	}
	c, err := r.host.ListenPacket(ctx, netip.AddrPortFrom(vendorAddress(firstTrunk+i), sipprobe.UDP.DefaultPort()))
	if err != nil {
		return err
	}
	if slices.Contains(r.Silent, i) {
		r.stops = append(r.stops, func() { c.Close() })
		return nil
	}
	e, err := sipprobe.Start(sipprobe.EndpointConfig{
		Transport: sipprobe.UDP, PacketConn: c, Software: "lab provider",
		// Providers answer strangers in their own ways.
		Serve: func(in *sipprobe.Incoming) {
			status := []int{200, 200, 403, 404, 405}[i]
			in.Reply(status, http.StatusText(status), sipprobe.Body{})
		},
	})
	if err != nil {
		c.Close()
		return err
	}
	r.stops = append(r.stops, func() { e.Close() })
	return nil
}
