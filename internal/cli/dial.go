package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"bothways/internal/console"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// dialHint says how --dial is written.
const dialHint = "--dial is a host name or an address, with a port where that is not the one of --sip-tls, as in client.example, 198.51.100.20:5071 or [2001:db8::20]:5071"

// splitDial reads CLIENT[:PORT]; an IPv6 address with a port stands in brackets.
func splitDial(text string, port uint16) (string, uint16, error) {
	if bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"); isAddress(bare) || !strings.Contains(text, ":") {
		return bare, port, nil
	}
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || host == "" {
		return "", 0, fmt.Errorf("%q is no host with a port", text)
	}
	return host, uint16(n), nil
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// clients finds the addresses that --dial stands for.
func (c *responderCommand) clients(ctx context.Context) ([]netip.AddrPort, error) {
	if c.Dial == "" {
		return nil, nil
	}
	host, port, err := splitDial(c.Dial, cmp.Or(c.SIPTLS, sipprobe.TLS.DefaultPort()))
	if err != nil {
		return nil, console.Hint(fmt.Errorf("--dial %s: %w", c.Dial, err), dialHint)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, console.Hint(fmt.Errorf("cannot find %s: %w", host, err), dialHint)
	}
	var out []netip.AddrPort
	for _, a := range addrs {
		out = append(out, netip.AddrPortFrom(a.Unmap(), port))
	}
	return out, nil
}

// serve waits for the end, and dials the client where one is named.
func (c *responderCommand) serve(ctx context.Context, r *responder.Responder, clients []netip.AddrPort) error {
	err := r.Dial(ctx, clients...)
	switch {
	case errors.Is(err, sipprobe.ErrWrongKey):
		return console.Hint(err, "give the key that the client was started with, or printed, with --key, --key-file or BOTHWAYS_KEY")
	case errors.Is(err, responder.ErrVersion):
		return console.Hint(err, "use the same release of bothways at both ends")
	case err != nil:
		return err
	}
	<-ctx.Done()
	return nil
}

// announceDial says what must be running outside.
func (c *responderCommand) announceDial(w io.Writer, cfg responder.Config, clients []netip.AddrPort) {
	there := c.portFlags
	there.SIPTLS = clients[0].Port() // where the client has to listen
	fmt.Fprintf(w, "Dialling %s; type there, if it does not wait yet:\n\n", clients[0])
	fmt.Fprintf(w, "  bothways run --wait --key %s%s\n\n", quoted(cfg.Key), there.portArguments())
}
