package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bothways/internal/console"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// responderCommand is the grammar of bothways-responder.
type responderCommand struct {
	Version       console.VersionFlag `help:"Print the version."`
	Listen        []netip.Addr        `placeholder:"ADDR" help:"Address to listen on; may be repeated (all of this machine's)."`
	PublicAddress netip.Addr          `placeholder:"ADDR" help:"Address that SIP and SDP advertise (what the client dialled)."`
	Cert          string              `placeholder:"FILE" type:"existingfile" help:"Certificate chain for TLS, PEM (a self-signed one is made)."`
	CertKey       string              `placeholder:"FILE" type:"existingfile" help:"Private key for --cert, PEM."`
	For           time.Duration       `placeholder:"DURATION" help:"Stop by itself after this time."`
	Dial          string              `placeholder:"CLIENT[:PORT]" help:"Open the pairing outward, to a client that waits (bothways run --wait), where nothing inbound is forwarded."`
	NoRouterQuery bool                `help:"Do not ask this machine's router for its WAN address (by NAT-PMP, UPnP and PCP)."`
	NoCapture     bool                `help:"Do not count what reaches this machine before its own firewall, even with the right to."`
	MaxCalls      int                 `default:"2000" placeholder:"N" help:"How many calls bothways load may hold at once, of all clients together; 0 = none (${default})."`
	AnswerAnyone  bool                `help:"Answer calls without the key too. For tests with other SIP programs; never on the open Internet."`
	egressFlags
	stunFlags
	routerWANFlag
	keyFlags
	portFlags
}

// Responder runs the command bothways-responder and returns its exit status.
func Responder(args []string, s console.Streams) int {
	return console.Command("bothways-responder", "The end inside, where the PBX stands.", &responderCommand{}, args, s)
}

// Run serves until it is stopped.
func (c *responderCommand) Run(ctx context.Context, s console.Streams) error {
	if err := errors.Join(c.portFlags.check(), c.routerWANFlag.check()); err != nil {
		return err
	}
	cfg, err := c.config(s)
	if err != nil {
		return err
	}
	clients, err := c.clients(ctx)
	if err != nil {
		return err
	}
	if cfg.STUN, err = c.servers(ctx); err != nil {
		return err
	}
	r, err := responder.Start(ctx, cfg)
	if err != nil {
		return console.Hint(err, "%s", c.listenHint(err))
	}
	defer r.Close()
	c.announce(r, cfg, clients, s)
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	return c.serve(ctx, r, clients)
}

func (c *responderCommand) config(s console.Streams) (responder.Config, error) {
	for _, a := range append(c.Listen, c.PublicAddress) {
		if err := checkLink(a); err != nil {
			return responder.Config{}, err
		}
	}
	key, err := c.key(s)
	if err != nil {
		return responder.Config{}, err
	}
	if key == "" {
		key = newKey()
	}
	cfg := responder.Config{
		Network: network.Host{}, Key: key, Ports: c.sip(), RTP: c.RTP, Listen: c.Listen, Public: c.PublicAddress,
		AskRouter: !c.NoRouterQuery, Capture: !c.NoCapture, RouterWAN: c.RouterWAN, AnswerAnyone: c.AnswerAnyone, Version: console.Version, Logger: slog.New(newLog(s.Err)),
	}
	if cfg.MaxLoadCalls = c.MaxCalls; c.MaxCalls <= 0 {
		cfg.MaxLoadCalls = -1
	}
	if cfg.Egress, err = c.egress(); err != nil {
		return cfg, err
	}
	if (c.Cert == "") != (c.CertKey == "") {
		return cfg, console.Hint(errors.New("--cert and --cert-key belong together"), "give both, or neither for a self-signed certificate")
	}
	if c.Cert != "" {
		pair, err := loadPair(c.Cert, c.CertKey)
		if err != nil {
			return cfg, console.Hint(err, "both files are PEM: the chain with the leaf first, and its private key")
		}
		cfg.Certificate = &pair
	}
	return cfg, nil
}

func loadPair(cert, key string) (tls.Certificate, error) {
	chain, err := readTextFile(cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	private, err := readTextFile(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(chain, private)
}

// announce says what the operator needs to know, and what to type outside.
func (c *responderCommand) announce(r *responder.Responder, cfg responder.Config, clients []netip.AddrPort, s console.Streams) {
	w := s.Out
	fmt.Fprintf(w, "bothways-responder %s\n\n", console.Version)
	fmt.Fprintf(w, "  key       %s\n", cfg.Key)
	for _, t := range sipprobe.Transports() {
		c.announceTransport(w, r, t)
	}
	fmt.Fprintf(w, "  media     udp %s\n\n", cfg.RTP)
	if len(clients) > 0 {
		c.announceDial(w, cfg, clients)
	} else {
		fmt.Fprintf(w, "Forward %s to this machine, then type outside:\n\n", forwards(cfg))
		fmt.Fprintf(w, "  bothways run %s --key %s%s\n\n", publicName(cfg), quoted(cfg.Key), c.portArguments())
	}
	if onlyLoopback(r) && len(c.Listen) == 0 {
		fmt.Fprintln(s.Err, "bothways-responder: warning: this machine has no address but loopback, so that nobody else can reach it\nhint: connect it to the network and start again")
	}
	if err := r.Refused(); err != nil {
		fmt.Fprintf(s.Err, "hint: %s\n", c.listenHint(err))
	}
	if cfg.AnswerAnyone {
		fmt.Fprintln(s.Err, "bothways-responder: warning: calls are answered without the key (--answer-anyone)")
	}
}

// listenHint is the next step where a port could not be listened on.
func (c *responderCommand) listenHint(err error) string {
	const others = "choose others at both ends with --sip-udp, --sip-tcp and --sip-tls"
	switch network.ListenResult(err) {
	case "in-use":
		return "another program holds the port, perhaps the PBX itself: stop it, or " + others
	case "not-permitted":
		return "ports below 1024 need the rights of root or an administrator, and a system may keep others for itself: " + others
	case "no-such-address":
		return "--listen takes addresses of this machine; without it the responder listens on all of them"
	}
	return "if it is the port, " + others
}

func (c *responderCommand) announceTransport(w io.Writer, r *responder.Responder, t sipprobe.Transport) {
	var open []string
	for _, socket := range r.Sockets() {
		switch {
		case socket.Transport != t || socket.Address.Addr().IsLoopback() && len(c.Listen) == 0 && !onlyLoopback(r):
		case socket.Error != "":
			fmt.Fprintf(w, "  not open  %s %s: %s\n", string(t), socket.Address, socket.Error)
		default:
			open = append(open, socket.Address.String())
		}
	}
	if len(open) > 0 {
		fmt.Fprintf(w, "  %-8s  %s\n", string(t), strings.Join(open, ", "))
	}
}

// onlyLoopback reports whether the machine has no other address, as with the cable unplugged.
func onlyLoopback(r *responder.Responder) bool {
	return !slices.ContainsFunc(r.Addresses(), func(a netip.Addr) bool { return !a.IsLoopback() })
}

func forwards(cfg responder.Config) string {
	var out []string
	for _, t := range sipprobe.Transports() {
		if port, on := cfg.Ports[t]; on {
			protocol := "tcp"
			if t == sipprobe.UDP {
				protocol = "udp"
			}
			out = append(out, fmt.Sprintf("%s %d", protocol, port))
		}
	}
	return strings.Join(append(out, "udp "+cfg.RTP.String()), ", ")
}

func publicName(cfg responder.Config) string {
	if cfg.Public.IsValid() {
		return cfg.Public.String()
	}
	return "PUBLIC-ADDRESS"
}
