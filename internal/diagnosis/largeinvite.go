package diagnosis

import (
	"fmt"

	"bothways/scenarios"
	"bothways/sipprobe"
)

func smallest(of []passage) int {
	least := len(of[0].Sent.Data)
	for _, p := range of {
		least = min(least, len(p.Sent.Data))
	}
	return least
}

// invites are the first INVITEs of calls over UDP, of at least that many bytes.
func (v *view) invites(d scenarios.Direction, bytes int) []passage {
	return v.passed(d, func(p passage) bool {
		return p.Method == "INVITE" && p.Status == 0 && !p.Again && p.Sent.Transport == sipprobe.UDP && len(p.Sent.Data) >= bytes
	})
}

// largeInvites tell of calls whose INVITE was lost where a ladder says that everything of
// its size is; false where such an INVITE has arrived, so that size alone is no reason.
func (v *view) largeInvites(d scenarios.Direction, bytes int) (out []account, ok bool) {
	for _, p := range v.invites(d, bytes) {
		if len(p.Arrivals) > 0 {
			return nil, false
		}
		if p.Copies < minCopies || p.check == "" {
			continue
		}
		size := grouped(len(p.Sent.Data))
		out = append(out, account{check: p.check, kind: "invite", short: fmt.Sprintf("an INVITE of %s bytes", size),
			long: fmt.Sprintf("the INVITE of the call, of %s bytes over UDP, was sent %d times and never arrived", size, p.Copies)})
	}
	return out, true
}

// lostLarge says of a call that was not set up that its INVITE is larger than a packet
// should be and did not arrive, empty where that is not so.
func (v *view) lostLarge(check string, d scenarios.Direction) string {
	for _, p := range v.invites(d, usualBytes+1) {
		if p.check == check && len(p.Arrivals) == 0 {
			return fmt.Sprintf("; its INVITE of %s bytes over UDP never arrived", grouped(len(p.Sent.Data)))
		}
	}
	return ""
}
