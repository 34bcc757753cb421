package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/call"
	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/report"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"

	"github.com/emiago/sipgo/sip"
)

type callCmd struct {
	URI   string             `arg:"" name:"uri" help:"Whom to call, as in sip:100@192.0.2.1 or sip:echo@pbx.example.com:5070;transport=tcp."`
	Talk  time.Duration      `default:"10s" placeholder:"DURATION" help:"How long to talk (${default})."`
	Ring  time.Duration      `default:"30s" placeholder:"DURATION" help:"How long it may ring (${default})."`
	Codec string             `default:"pcmu" enum:"pcmu,pcma" help:"pcmu or pcma (${default})."`
	Media []netip.Addr       `placeholder:"ADDR" help:"Address other than the one called that audio may go to and come from; may be repeated."`
	RTP   rtpprobe.PortRange `name:"rtp" default:"10000-20000" placeholder:"FROM-TO" help:"UDP ports for RTP and RTCP (${default})."`
	JSON  bool               `name:"json" help:"Print the result as one JSON object."`
}

// Bounds of what a call may last.
const (
	minTalk, maxTalk = time.Second, 5 * time.Minute
	minRing, maxRing = time.Second, 3 * time.Minute
)

// Run calls, prints what this end saw, and ends with the verdict's status.
func (c *callCmd) Run(ctx context.Context, s console.Streams) error {
	to, err := c.callee(ctx)
	if err != nil {
		return err
	}
	end := c.place(ctx, to)
	if ctx.Err() != nil && !end.Established {
		return errors.New("stopped")
	}
	peer := diagnosis.JudgePeer(c.URI, end)
	if c.JSON {
		enc := json.NewEncoder(s.Out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(peer)
	} else {
		err = report.WritePeer(s.Out, peer, textOptions(s))
	}
	if err != nil {
		return err
	}
	return console.Status(peer.Verdict.ExitStatus())
}

// A callee is whom to call, and over what.
type callee struct {
	target    sipprobe.Target
	transport sipprobe.Transport
}

// callee reads the URI and the flags.
func (c *callCmd) callee(ctx context.Context) (callee, error) {
	for _, d := range []struct {
		flag            string
		is, least, most time.Duration
	}{{"talk", c.Talk, minTalk, maxTalk}, {"ring", c.Ring, minRing, maxRing}} {
		if d.is < d.least || d.is > d.most {
			return callee{}, console.Hint(fmt.Errorf("--%s %s is not between %s and %s", d.flag, d.is, d.least, d.most), "as in --%s 20s", d.flag)
		}
	}
	uri, t, err := readURI(c.URI)
	if err != nil {
		return callee{}, console.Hint(err, "as in sip:100@192.0.2.1, or sip:echo@pbx.example.com:5070;transport=tcp")
	}
	port := uint16(uri.Port)
	if port == 0 {
		port = t.DefaultPort()
	}
	host := strings.Trim(uri.Host, "[]")
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return callee{}, console.Hint(fmt.Errorf("cannot find %s: %w", host, err), "give the address")
	}
	to := callee{transport: t, target: sipprobe.Target{
		Peer: netip.AddrPortFrom(addrs[0].Unmap(), port), User: uri.User, Token: "call-" + strings.ToLower(rand.Text()),
	}}
	if _, err := netip.ParseAddr(host); err != nil {
		to.target.Host = uri.HostPort()
	}
	return to, nil
}

func readURI(text string) (uri sip.Uri, t sipprobe.Transport, err error) {
	if err := sip.ParseUri(text, &uri); err != nil || uri.Scheme != "sip" || uri.Host == "" || uri.Port < 0 || uri.Port > 65535 || uri.Password != "" {
		return uri, "", fmt.Errorf("%q is not a SIP URI that can be called", text)
	}
	word, given := uri.UriParams.Get("transport")
	if !given {
		return uri, sipprobe.UDP, nil
	}
	t, err = sipprobe.ParseTransport(word)
	return uri, t, err
}

// place calls from a free port of this machine.
func (c *callCmd) place(ctx context.Context, to callee) evidence.CallEnd {
	local, err := network.Host{}.Source(ctx, to.target.Peer.Addr())
	if err != nil {
		return evidence.CallEnd{Fault: err.Error()}
	}
	allow := func(a netip.AddrPort) bool { return c.allowed(to, a.Addr()) }
	e, err := open(ctx, to, local, allow)
	if err != nil {
		end := call.Unplaced(err)
		end.Invite.Remote, end.Invite.Transport = to.target.Peer, to.transport
		return end
	}
	defer e.Close()
	behaviour := scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchNever, Rport: true, Audio: scenarios.ToneAudio}
	return call.Place(ctx, e, to.target, call.Setup{
		Network: network.Host{}, Ports: c.RTP, Local: local, Public: local, Behaviour: behaviour, Ring: c.Ring, Allow: allow,
		Check: scenarios.Check{ID: "call", Kind: scenarios.CallKind, Call: &scenarios.Call{TalkMs: int(c.Talk.Milliseconds()), Codec: c.Codec}},
	})
}

// allowed reports whether the user has named an address: what the other end asks for in
// its answer sends this program to nobody else.
func (c *callCmd) allowed(to callee, a netip.Addr) bool {
	for _, named := range append(c.Media, to.target.Peer.Addr()) {
		if named.Unmap() == a {
			return true
		}
	}
	return false
}

// open is an endpoint that reaches the other end, over TLS without a look at its
// certificate, which is the business of the command tls.
func open(ctx context.Context, to callee, local netip.Addr, allow func(netip.AddrPort) bool) (*sipprobe.Endpoint, error) {
	cfg := sipprobe.EndpointConfig{Transport: to.transport, Software: "bothways/" + console.Version, MaySend: allow}
	host := network.Host{}
	if to.transport == sipprobe.UDP {
		conn, err := host.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
		if err != nil {
			return nil, err
		}
		cfg.PacketConn = conn
		return sipprobe.Start(cfg)
	}
	dialling, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := host.Dial(dialling, to.target.Peer)
	if err != nil {
		return nil, err
	}
	if to.transport == sipprobe.TLS {
		if conn, _, err = network.Secure(dialling, conn, ""); err != nil {
			return nil, err
		}
	}
	return sipprobe.StartOver(conn, cfg)
}
