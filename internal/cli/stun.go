package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// stunFlags name STUN servers of somebody else, at either end.
type stunFlags struct {
	STUN []string `name:"stun" placeholder:"HOST[:PORT]" help:"STUN server to ask in tests of this end's NAT; may be repeated (none, port 3478)."`
}

const (
	stunHint = "--stun is a host name or an address, with a port where that is not 3478, as in stun.example, 198.51.100.20:3479 or [2001:db8::20]:3479"
	// maxSTUN bounds what one test asks.
	maxSTUN = 4
)

// servers finds the addresses of the servers, one of each family for each.
func (f stunFlags) servers(ctx context.Context) (out []natprobe.PublicServer, err error) {
	if len(f.STUN) > maxSTUN {
		return nil, console.Hint(fmt.Errorf("%d STUN servers are more than %d", len(f.STUN), maxSTUN), "two of different operators tell enough")
	}
	for _, text := range f.STUN {
		host, port, err := splitDial(text, natprobe.DefaultPort)
		if err == nil && host == "" {
			err = errors.New("no host is named")
		}
		if err != nil {
			return nil, console.Hint(fmt.Errorf("--stun %s: %w", text, err), stunHint)
		}
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, console.Hint(fmt.Errorf("cannot find %s: %w", host, err), stunHint)
		}
		seen := make(map[bool]bool)
		for _, a := range addrs {
			if a = a.Unmap(); !seen[a.Is4()] {
				seen[a.Is4()] = true
				out = append(out, natprobe.PublicServer{Name: text, Address: netip.AddrPortFrom(a, port)})
			}
		}
	}
	return out, nil
}

// natFlags are those of the client that tests of NATs, and of what differs by address, use.
type natFlags struct {
	SecondAddress netip.Addr `placeholder:"ADDR" help:"Another address of this machine, of the site's family, to test what differs by address."`
	stunFlags
}

// nat makes the flags part of a run.
func (f natFlags) nat(ctx context.Context, cfg *client.Config) (err error) {
	if len(f.STUN) > 0 && !cfg.Scenario.Has(scenarios.NATKind) {
		return console.Hint(fmt.Errorf("--stun does nothing in the scenario %s", cfg.Scenario.Name), "it is for scenarios that test a NAT, such as --scenario nat")
	}
	cfg.SecondAddress = f.SecondAddress.Unmap()
	cfg.STUN, err = f.servers(ctx)
	return err
}

// checkSecond refuses a second address that cannot be one, once the target is known.
func (f natFlags) checkSecond(ctx context.Context, cfg client.Config) error {
	err := client.CheckSecond(ctx, cfg)
	if errors.Is(err, client.ErrSecondAddress) {
		return console.Hint(err, "--second-address is another address of this machine, which the site can reach")
	}
	return err
}
