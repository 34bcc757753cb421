package serverprobe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/beevik/ntp"

	"bothways/internal/evidence"
	"bothways/internal/network"
)

// ntpTries is how often a time server is asked that says nothing.
const ntpTries = 3

// ntp asks for the time, as a client of RFC 5905 does. A server that asks to be left
// alone is left alone.
func (a asker) ntp(ctx context.Context, t *evidence.ServerTrial) {
	answer := &evidence.NTPAnswer{}
	t.NTP = answer
	options := ntp.QueryOptions{
		Timeout: a.Timeout / ntpTries,
		Dialer: func(string, string) (net.Conn, error) {
			return a.Network.DialPacket(ctx, netip.AddrPort{}, t.Remote)
		},
	}
	for answer.Sent < ntpTries && ctx.Err() == nil {
		answer.Sent++
		start := time.Now()
		r, err := ntp.QueryWithOptions(t.Remote.String(), options)
		if err == nil {
			answer.Error = ""
			enter(answer, r)
			return
		}
		answer.Error = clean(err.Error())
		if result := network.ConnectResult(err); result == "refused" || result == "unreachable" {
			t.ICMP = result
			select { // ICMP may be forged: ask again
			case <-time.After(options.Timeout - time.Since(start)):
			case <-ctx.Done():
			}
		}
	}
}

func enter(answer *evidence.NTPAnswer, r *ntp.Response) {
	answer.Answered, answer.Stratum, answer.Kiss = true, int(r.Stratum), clean(r.KissCode)
	answer.Unsynchronised = r.Leap == ntp.LeapNotInSync || r.Stratum >= 16
	answer.RTTMs = new(evidence.Millis(r.RTT))
	if r.Stratum != 0 {
		answer.OffsetMs = new(evidence.Millis(r.ClockOffset))
	}
}
