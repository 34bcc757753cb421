package lab

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// serveDatagrams answers each datagram that comes to a socket of the Internet.
func (r *vendorRun) serveDatagrams(ctx context.Context, at netip.AddrPort, answer func([]byte) []byte) error {
	c, err := r.host.ListenPacket(ctx, at)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if out := answer(buf[:n]); out != nil {
				c.WriteToUDPAddrPort(out, from)
			}
		}
	}()
	r.stops = append(r.stops, func() { c.Close(); <-ended })
	return nil
}

// serveNames is a DNS server that knows the vendor's names (RFC 1035).
func (r *vendorRun) serveNames(ctx context.Context) error {
	return r.serveDatagrams(ctx, netip.AddrPortFrom(vendorDNS, 53), r.resolve)
}

func (r *vendorRun) resolve(question []byte) []byte {
	var p dnsmessage.Parser
	head, err := p.Start(question)
	if err != nil || head.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	i := slices.Index(vendorNames, name)
	head.Response, head.RecursionAvailable, head.RCode = true, true, dnsmessage.RCodeSuccess
	m := dnsmessage.Message{Header: head, Questions: []dnsmessage.Question{q}}
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}
	switch {
	case i < 0 || slices.Contains(r.Absent, name):
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: vendorAddress(firstVendor + i).As4()}}}
	case q.Type == dnsmessage.TypeAAAA && name == sixthName:
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: vendorSixth.As16()}}}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// serveTime is a time server (RFC 5905 section 7.3) of stratum 2.
func (r *vendorRun) serveTime(ctx context.Context, addr netip.Addr) error {
	if r.Untimed {
		return nil
	}
	return r.serveDatagrams(ctx, netip.AddrPortFrom(addr, 123), func(question []byte) []byte {
		const client, server, version = 3, 4, 4
		if len(question) < 48 || question[0]&7 != client {
			return nil
		}
		now := ntpTime(time.Now())
		out := make([]byte, 48)
		out[0], out[1], out[2], out[3] = version<<3|server, 2, 6, 0xEC
		copy(out[12:], net.IPv4(192, 0, 2, 1).To4())
		binary.BigEndian.PutUint64(out[16:], now-60<<32) // its clock was set a minute ago
		copy(out[24:], question[40:48])
		binary.BigEndian.PutUint64(out[32:], now)
		binary.BigEndian.PutUint64(out[40:], now)
		return out
	})
}

// ntpTime is a time in seconds since 1900 with 32 bits of fraction (RFC 5905 section 6).
func ntpTime(t time.Time) uint64 {
	const since1900 = 2_208_988_800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
