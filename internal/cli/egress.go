package cli

import (
	"fmt"
	"net/netip"

	"bothways/internal/console"
	"bothways/internal/responder"
)

// egressFlags are how the operator of a responder lets clients have it ask servers of others.
type egressFlags struct {
	AllowEgressChecks bool     `help:"Ask servers of others that a client's scenario names, at public addresses; see also --allow-egress-hosts."`
	AllowEgressHosts  []string `placeholder:"HOST" help:"Ask these servers of others and no more: names, *.names, addresses, networks."`
}

func (f egressFlags) egress() (responder.Egress, error) {
	out, err := responder.Egress{Any: f.AllowEgressChecks}.With(f.AllowEgressHosts)
	if err != nil {
		return out, console.Hint(fmt.Errorf("--allow-egress-hosts: %w", err), "give names such as license.starface.de, names with *. before them, addresses, or networks such as 192.0.2.0/24")
	}
	return out, nil
}

// anyEgress is for a responder in the same program as its client: whoever runs it could ask
// anybody without it.
func anyEgress() responder.Egress {
	return responder.Egress{Any: true, Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
}
