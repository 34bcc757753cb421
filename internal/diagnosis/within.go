package diagnosis

import (
	"fmt"

	"bothways/internal/network"
)

// within says by what the client is known to have been inside the site, or joined to it by a
// VPN, so that what it sent has not passed the router as what comes from the Internet does;
// empty where that is not known. Runs over loopback are nobody's test of a router.
func (v *view) within() string {
	at, seen := v.Run.Address.Unmap(), clientSeenAs(v.Evidence, false).Unmap()
	nat := v.Pairing.ClientBehindNAT
	switch {
	case v.Run.Embedded, !v.paired(), !at.IsValid(), at.IsLoopback():
		return ""
	case network.Private(at):
		return fmt.Sprintf("it reached the site at %s, a private address", at)
	case seen == at:
		return fmt.Sprintf("it came to the site from %s, the site's own public address", at)
	case network.Private(seen) && nat != nil && !*nat:
		return fmt.Sprintf("it came to the site from its own private address, %s, which no router on the way had changed", seen)
	}
	return ""
}
