package sipprobe

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"
)

// viaParam returns the value of a parameter of a Via header value; present is true
// for a parameter without a value too, as in ";rport".
func viaParam(via, name string) (value string, present bool) {
	top, _, _ := strings.Cut(via, ",")
	_, params, _ := strings.Cut(top, ";")
	for p := range strings.SplitSeq(params, ";") {
		if k, v := viaPair(p); strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func viaPair(p string) (name, value string) {
	name, value, _ = strings.Cut(p, "=")
	return strings.TrimSpace(name), strings.TrimSpace(value)
}

func branchOf(via string) string {
	b, _ := viaParam(via, "branch")
	return b
}

// viaReceived adds what the server transport must: the source address as received,
// and the source port where the client asked for it (RFC 3261 section 18.2.1, RFC 3581
// section 4). A received that came along is replaced; an rport that somebody else has
// filled in stays, for the client to see.
func viaReceived(via string, from netip.AddrPort) string {
	addr := from.Addr().Unmap().WithZone("")
	top, rest, more := strings.Cut(via, ",")
	parts := strings.Split(top, ";")
	out := parts[:1]
	host, _ := viaSentBy(via)
	say := host != addr
	for _, p := range parts[1:] {
		switch k, v := viaPair(p); {
		case strings.EqualFold(k, "received"):
			continue
		case strings.EqualFold(k, "rport") && v == "":
			p, say = fmt.Sprintf("rport=%d", from.Port()), true
		}
		out = append(out, p)
	}
	if say {
		out = append(out, "received="+addr.String())
	}
	via = strings.Join(out, ";")
	if more {
		via += "," + rest
	}
	return via
}

// viaSentBy returns the address and port of the top Via; the address is invalid
// when it is a name, the port 0 when it is absent.
func viaSentBy(via string) (netip.Addr, uint16) {
	top, _, _ := strings.Cut(via, ",")
	top, _, _ = strings.Cut(top, ";")
	parts := strings.SplitN(top, "/", 3) // SIP / 2.0 / UDP host : port, with spaces anywhere
	fields := strings.Fields(parts[len(parts)-1])
	if len(parts) < 3 || len(fields) < 2 {
		return netip.Addr{}, 0
	}
	return splitHostPort(strings.Join(fields[1:], ""))
}

// splitHostPort reads "192.0.2.1:5060", "[2001:db8::1]:5060", or either without a port.
func splitHostPort(s string) (netip.Addr, uint16) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr(), ap.Port()
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a, 0
	}
	_, p, _ := strings.Cut(s, ":")
	port, _ := strconv.ParseUint(p, 10, 16)
	return netip.Addr{}, uint16(port)
}

// observed returns the address and port that the far end saw a request come from,
// as its response reports them in received and rport; invalid when it does not say.
func observed(via string) netip.AddrPort {
	received, _ := viaParam(via, "received")
	rport, _ := viaParam(via, "rport")
	addr, err := netip.ParseAddr(strings.Trim(received, "[]"))
	port, perr := strconv.ParseUint(rport, 10, 16)
	if err != nil || perr != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port))
}

// statelessTag derives a To tag from the parts of a request that its retransmissions share.
func statelessTag(m wireMessage) string {
	h := fnv.New64a()
	for _, name := range []string{"via", "from", "call-id", "cseq"} {
		v, _ := m.value(name)
		h.Write([]byte(v))
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// hostPort formats an address for a URI or Via: brackets around IPv6.
func hostPort(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port()).String()
}
