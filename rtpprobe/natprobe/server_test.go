package natprobe_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v3"

	"bothways/rtpprobe/natprobe"
)

var longAgo = time.Unix(1, 0)

// otherServer is a public STUN server with two addresses and two ports (RFC 5780), or
// one that knows RFC 8489 alone.
type otherServer struct {
	conns []*memConn // two addresses, two ports each
	plain bool
}

func (o otherServer) serve(t *testing.T) {
	for i, c := range o.conns {
		go func() {
			buf := make([]byte, 2048)
			for {
				n, from, err := c.ReadFrom(buf)
				if err != nil {
					return
				}
				o.answer(t, i, buf[:n], from)
			}
		}()
	}
}

func (o otherServer) answer(t *testing.T, i int, data []byte, from net.Addr) {
	m := &stun.Message{Raw: slices.Clone(data)}
	if err := m.Decode(); err != nil {
		t.Error(err)
		return
	}
	a := from.(*net.UDPAddr)
	setters := []stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: a.IP, Port: a.Port}}
	change, err := m.Get(stun.AttrChangeRequest)
	out := i
	switch {
	case o.plain && err == nil:
		setters = []stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingError, stun.CodeUnknownAttribute}
	case !o.plain:
		other := o.conns[i^3].local
		setters = append(setters, &stun.OtherAddress{IP: other.Addr().AsSlice(), Port: int(other.Port())})
	}
	if err == nil && !o.plain {
		out ^= int(change[3] >> 1) // 2: the other port, 6: and the other address
	}
	reply, err := stun.Build(setters...)
	if err != nil {
		t.Error(err)
		return
	}
	o.conns[out].WriteTo(reply.Raw, from)
}

func startOther(t *testing.T, w *world, plain bool) netip.AddrPort {
	o := otherServer{plain: plain}
	for _, a := range []netip.Addr{first, second} {
		for _, port := range []uint16{3478, 3479} {
			o.conns = append(o.conns, w.open(a, port))
		}
	}
	o.serve(t)
	t.Cleanup(func() {
		for _, c := range o.conns {
			c.SetReadDeadline(longAgo)
		}
	})
	return o.conns[0].local
}

// TestPublicServers: a server of RFC 5780 lets both properties be judged from it alone,
// one of RFC 8489 the mapped address.
func TestPublicServers(t *testing.T) {
	for _, mapping := range behaviours {
		for _, filtering := range behaviours {
			for _, plain := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(mapping, filtering)
					at := startOther(t, w, plain)
					var results []natprobe.Result
					for i, test := range []natprobe.Test{natprobe.MappingTest, natprobe.FilteringTest} {
						r, err := natprobe.Probe(t.Context(), natprobe.Config{
							Conn: w.open(inside, 10000+uint16(i)), Test: test, Requests: []natprobe.Request{{To: at, Server: "stun.example"}}})
						if err != nil {
							t.Fatal(err)
						}
						results = append(results, r)
					}
					m, f := natprobe.JudgeMapping(results).Behaviour, natprobe.JudgeFiltering(results, nil).Behaviour
					wantM, wantF := mapping, filtering
					if plain {
						wantM, wantF = natprobe.Unknown, natprobe.Unknown
					}
					if m != wantM || f != wantF || results[0].MappedTo() != netip.AddrPortFrom(public, 10000) {
						t.Errorf("%s/%s, plain %v: %s, %s, %v", mapping, filtering, plain, m, f, results[0].MappedTo())
					}
				})
			}
		}
	}
}

// TestUnsupportedChange: a server that refuses to change, or does not, proves no filter.
func TestUnsupportedChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(natprobe.EndpointIndependent, natprobe.AddressAndPortDependent)
		at := startOther(t, w, true)
		r, err := natprobe.Probe(t.Context(), natprobe.Config{Conn: w.open(inside, 10000), Requests: []natprobe.Request{
			{To: at, Server: "s"}, {To: at, Server: "s", Change: natprobe.ChangePort}}})
		if err != nil || r.Exchanges[1].Refused != 420 || r.Exchanges[1].Sent != 1 {
			t.Errorf("%+v %v", r, err)
		}
		if f := natprobe.JudgeFiltering([]natprobe.Result{r}, nil); f.ByPort != nil {
			t.Errorf("%+v", f)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	at := netip.AddrPortFrom(first, 3478)
	for _, s := range [][]stun.Setter{
		{stun.BindingSuccess, &stun.XORMappedAddress{IP: public.AsSlice(), Port: 5}, &stun.OtherAddress{IP: second.AsSlice(), Port: 3479}},
		{stun.BindingSuccess, &stun.MappedAddress{IP: net.IPv6loopback, Port: 5}},
		{stun.BindingError, stun.CodeUnknownAttribute},
	} {
		m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, s...)...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Raw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if x := natprobe.Take(data, at); x.Mapped != nil && (x.Mapped.Port() == 0 || !x.Mapped.IsValid() || x.From == nil) {
			t.Errorf("%+v", x)
		}
	})
}
