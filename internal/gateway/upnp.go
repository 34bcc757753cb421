package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"bothways/internal/network"
)

// portSSDP is where devices are searched (UPnP Device Architecture 1.1, section 1).
const portSSDP = 1900

// Bounds of what a router may answer.
const (
	maxDocument    = 128 << 10 // bytes
	maxConnections = 4         // that are asked
	maxDepth       = 4         // of devices in devices
)

// askUPnP searches the router, reads what it can do, and asks each of its connections
// for the external address until one has it. Nothing is sent to an address that is not
// the router's, but for the search, which also goes to the group of the link.
func askUPnP(ctx context.Context, n network.Network, router netip.AddrPort) (netip.Addr, error) {
	location, err := search(ctx, n, router)
	if err != nil {
		return netip.Addr{}, err
	}
	u := upnp{router: router.Addr(), client: httpClient(n)}
	connections, err := u.connections(ctx, location)
	if err != nil {
		return netip.Addr{}, heard(err)
	}
	err = refusal("the router has no WAN connection to ask")
	for _, c := range connections[:min(len(connections), maxConnections)] {
		var wan netip.Addr
		if wan, err = u.externalAddress(ctx, c); err == nil {
			return wan, nil
		}
	}
	return netip.Addr{}, heard(err)
}

// heard marks what went wrong after the router had answered the search.
func heard(err error) error {
	var refused refusal
	if errors.As(err, &refused) {
		return err
	}
	return refusal(err.Error())
}

// search finds where the router describes itself. It asks the router directly (version
// 1.1, section 1.3.2) and by the group, for those that listen to that alone.
func search(ctx context.Context, n network.Network, router netip.AddrPort) (location *url.URL, err error) {
	conn, err := open(ctx, n, router.Addr())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	group := netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 255, 255, 250}), portSSDP)
	question := "M-SEARCH * HTTP/1.1\r\nHOST: " + group.String() + "\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n" +
		"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
	err = converse(ctx, conn, []byte(question), []netip.AddrPort{router, group}, router.Addr(), func(b []byte) bool {
		location = readLocation(b, router.Addr())
		return location != nil
	})
	return location, err
}

// readLocation reads the answer to a search; nil for what is none, or leads elsewhere.
func readLocation(b []byte, router netip.Addr) *url.URL {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("ST"), ":InternetGatewayDevice:") {
		return nil
	}
	u, err := url.Parse(r.Header.Get("LOCATION"))
	if err != nil || !leadsTo(u, router) {
		return nil
	}
	return u
}

// leadsTo reports whether a URL is one of the router's own.
func leadsTo(u *url.URL, router netip.Addr) bool {
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Unmap() == router && u.Scheme == "http"
}

// upnp speaks to one router.
type upnp struct {
	router netip.Addr
	client *http.Client
}

// httpClient opens its connections on the network, and follows nobody.
func httpClient(n network.Network) *http.Client {
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, err
		}
		return n.Dial(ctx, to)
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A description is the part of a device description that leads to its connections.
type description struct {
	URLBase string `xml:"URLBase"`
	Device  device `xml:"device"`
}

type device struct {
	Devices  []device  `xml:"deviceList>device"`
	Services []service `xml:"serviceList>service"`
}

// A service is what can be asked of a device.
type service struct {
	Type    string `xml:"serviceType"`
	Control string `xml:"controlURL"`
}

// connections lists the WAN connections of the device at a location.
func (u upnp) connections(ctx context.Context, location *url.URL) ([]service, error) {
	var d description
	if err := u.exchange(ctx, http.MethodGet, location, nil, "", &d); err != nil {
		return nil, err
	}
	base := location
	if b, err := url.Parse(d.URLBase); err == nil && leadsTo(b, u.router) {
		base = b
	}
	var out []service
	for _, s := range d.Device.all(maxDepth) {
		s.Type = strings.TrimSpace(s.Type)
		control, err := base.Parse(strings.TrimSpace(s.Control))
		if err == nil && isConnection(s.Type) && leadsTo(control, u.router) {
			out = append(out, service{s.Type, control.String()})
		}
	}
	return out, nil
}

func (d device) all(depth int) []service {
	out := d.Services
	for _, inner := range d.Devices {
		if depth > 0 {
			out = append(out, inner.all(depth-1)...)
		}
	}
	return out
}

// isConnection accepts the types that can be asked, and no more: the type goes into
// the question.
func isConnection(serviceType string) bool {
	switch strings.TrimPrefix(serviceType, "urn:schemas-upnp-org:service:") {
	case "WANIPConnection:1", "WANIPConnection:2", "WANPPPConnection:1":
		return true
	}
	return false
}

// An envelope is the answer to GetExternalIPAddress.
type envelope struct {
	Address string `xml:"Body>GetExternalIPAddressResponse>NewExternalIPAddress"`
}

func (u upnp) externalAddress(ctx context.Context, s service) (netip.Addr, error) {
	const action = "GetExternalIPAddress"
	question := `<?xml version="1.0"?>` + "\r\n" +
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">` +
		`<s:Body><u:` + action + ` xmlns:u="` + s.Type + `"/></s:Body></s:Envelope>` + "\r\n"
	to, err := url.Parse(s.Control)
	if err != nil {
		return netip.Addr{}, err
	}
	var e envelope
	if err := u.exchange(ctx, http.MethodPost, to, strings.NewReader(question), s.Type+"#"+action, &e); err != nil {
		return netip.Addr{}, err
	}
	wan, err := netip.ParseAddr(strings.TrimSpace(e.Address))
	if err != nil {
		return netip.Addr{}, refusal("the router names no address outside")
	}
	return wanAddress(wan)
}

// exchange asks one question over HTTP and reads the document that answers it.
func (u upnp) exchange(ctx context.Context, method string, to *url.URL, body io.Reader, action string, document any) error {
	q, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return err
	}
	if action != "" {
		q.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
		q.Header.Set("SOAPAction", `"`+action+`"`)
	}
	r, err := u.client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return refusal(fmt.Sprintf("the router answers with %s", r.Status))
	}
	return xml.NewDecoder(io.LimitReader(r.Body, maxDocument)).Decode(document)
}
