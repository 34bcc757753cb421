package sipprobe

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// A routeSet lists the proxies that the requests of a dialog pass, the nearest first,
// as the "<uri>" of their Record-Route (RFC 3261 section 12.1). Empty means that
// requests go straight to the remote target.
type routeSet []string

// maxRoutes is more proxies than a request may pass and still fit a datagram.
const maxRoutes = 16

// routesOf reads the route set of a new dialog: the called end from the request as it
// stands (RFC 3261 section 12.1.1), the caller from the response in reverse (12.1.2).
// A set that no request could follow is taken for none.
func routesOf(m interface {
	GetHeaders(name string) []sip.Header
}, caller bool) routeSet {
	var set routeSet
	for _, h := range m.GetHeaders("Record-Route") {
		set = append(set, h.Value())
	}
	if len(set) > maxRoutes || slices.ContainsFunc(set, func(r string) bool { _, ok := uriOf(r); return !ok }) {
		return nil
	}
	if caller {
		slices.Reverse(set)
	}
	return set
}

// uriOf reads the URI in "<uri>".
func uriOf(route string) (uri sip.Uri, ok bool) {
	text := strings.TrimSuffix(strings.TrimPrefix(route, "<"), ">")
	err := sip.ParseUri(text, &uri)
	return uri, err == nil && uri.Host != "" && !strings.ContainsAny(text, "<>\r\n")
}

// address of the nearest proxy over a transport; invalid when there is none, and when
// it is a name or not one to send to.
func (s routeSet) address(t Transport) netip.AddrPort {
	if len(s) == 0 {
		return netip.AddrPort{}
	}
	uri, _ := uriOf(s[0])
	return addressOf(uri, t)
}

// guide returns the Request-URI and the Route values of a request to a remote target
// (RFC 3261 section 12.2.1.1). A proxy without lr routes as RFC 2543 did: it takes the
// Request-URI for its own and the last Route for the target.
func (s routeSet) guide(target string) (uri string, route []string) {
	if len(s) == 0 {
		return target, nil
	}
	first, _ := uriOf(s[0])
	if first.UriParams.Has("lr") {
		return target, s
	}
	return strings.Trim(s[0], "<>"), append(slices.Clone(s[1:]), "<"+target+">")
}

// addressOf is where a URI leads over a transport; invalid when its host is a name or
// none to send to.
func addressOf(uri sip.Uri, t Transport) netip.AddrPort {
	host, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	port := uri.Port
	if port == 0 {
		port = int(t.DefaultPort())
	}
	if to := netip.AddrPortFrom(host.Unmap(), uint16(port)); err == nil && port < 1<<16 && usable(to) {
		return to
	}
	return netip.AddrPort{}
}
