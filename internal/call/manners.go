package call

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// behave has an endpoint do in one call what the side's behaviour says of signalling;
// release ends that when the call is over.
func (s Setup) behave(ctx context.Context, e *sipprobe.Endpoint, callID string, local netip.Addr) (release func(), err error) {
	if e.Transport() != sipprobe.UDP || !s.Behaviour.Astray() {
		return func() {}, nil
	}
	m := sipprobe.Manners{IgnoreRport: s.Behaviour.AnswersTo == scenarios.ToVia}
	var aside net.PacketConn
	if s.Behaviour.SignallingPort == scenarios.OtherSignallingPort {
		if aside, err = s.Network.ListenPacket(ctx, netip.AddrPortFrom(local, 0)); err != nil {
			return nil, fmt.Errorf("no second port for signalling: %w", err)
		}
		m.From = aside
	}
	end := e.Behave(callID, m)
	return func() {
		end()
		if aside != nil {
			aside.Close()
		}
	}, nil
}
