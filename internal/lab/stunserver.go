package lab

import (
	"context"
	"net"
	"net/netip"

	"github.com/pion/stun/v3"

	"bothways/internal/natlab"
	"bothways/internal/network"
	"bothways/rtpprobe/natprobe"
)

// stunName is what both ends know the lab's STUN server by.
const stunName = "stun.lab.example"

// A stunHost is a public STUN server with two addresses and two ports (RFC 5780), which
// answers everybody: the socket at i has the other port at i^1 and the other address
// at i^2.
type stunHost struct {
	conns  [4]net.PacketConn
	locals [4]netip.AddrPort
}

// stunServer starts the STUN servers of a fault in the midst of the Internet, one for each
// family.
func stunServer(ctx context.Context, l *natlab.Lab, f Fault) (stop func(), servers []natprobe.PublicServer, err error) {
	var conns []net.PacketConn
	stop = func() { network.CloseAll(conns) }
	if !f.STUN {
		return stop, nil, nil
	}
	a := l.Internet.Addrs() // two of each family
	for _, pair := range [][2]netip.Addr{{a[0], a[1]}, {a[2], a[3]}} {
		var h stunHost
		for i := range h.conns {
			h.locals[i] = netip.AddrPortFrom(pair[i/2], natprobe.DefaultPort+uint16(i%2))
			c, err := l.Internet.ListenPacket(ctx, h.locals[i])
			if err != nil {
				stop()
				return nil, nil, err
			}
			h.conns[i], conns = c, append(conns, c)
		}
		for i := range h.conns {
			go h.serve(i)
		}
		servers = append(servers, natprobe.PublicServer{Name: stunName, Address: h.locals[0]})
	}
	return stop, servers, nil
}

// serve answers on one socket until it is closed.
func (h *stunHost) serve(i int) {
	buf := make([]byte, 2048)
	for {
		n, from, err := h.conns[i].ReadFrom(buf)
		if err != nil {
			return
		}
		if to, ok := from.(*net.UDPAddr); ok {
			h.answer(i, buf[:n], to)
		}
	}
}

func (h *stunHost) answer(i int, data []byte, to *net.UDPAddr) {
	m := &stun.Message{Raw: append([]byte(nil), data...)}
	if m.Decode() != nil || m.Type != stun.BindingRequest {
		return
	}
	out := i
	if change, err := m.Get(stun.AttrChangeRequest); err == nil && len(change) == 4 {
		out ^= int(change[3]>>1) & 3 // 2 is another port, 4 another address
	}
	other := h.locals[i^3]
	reply, err := stun.Build(
		stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: to.IP, Port: to.Port},
		&stun.OtherAddress{IP: other.Addr().AsSlice(), Port: int(other.Port())}, stun.Fingerprint)
	if err == nil {
		h.conns[out].WriteTo(reply.Raw, to)
	}
}
