package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// TestPeerIsJudged holds what one end alone may conclude from a call.
func TestPeerIsJudged(t *testing.T) {
	t.Parallel()
	lost := func(n int64) *int64 { return &n }
	refused := func(outcome sipprobe.Outcome, status int, reason string) func(*evidence.CallEnd) {
		return func(end *evidence.CallEnd) {
			end.Established, end.Media, end.Heard = false, nil, nil
			end.Invite.Outcome, end.Invite.Status, end.Invite.Reason, end.Invite.Error = outcome, status, reason, "the error"
		}
	}
	media := func(in rtpprobe.Received, rtcp rtpprobe.Reports) func(*evidence.CallEnd) {
		return func(end *evidence.CallEnd) { end.Media.Received, end.Media.RTCP = in, rtcp }
	}
	for name, row := range map[string]struct {
		change  func(*evidence.CallEnd)
		verdict diagnosis.Verdict
		summary string
	}{
		"an echo":           {media(rtpprobe.Received{Packets: 500, OwnToneMS: 9000}, rtpprobe.Reports{}), diagnosis.Pass, "own tone came back"},
		"a reporting phone": {media(rtpprobe.Received{Packets: 500, OtherAudioMS: 9000}, rtpprobe.Reports{RemoteLost: lost(0)}), diagnosis.Pass, "reports that it receives"},
		"a mute phone that reports": {media(rtpprobe.Received{Packets: 500, SilenceMS: 10000}, rtpprobe.Reports{RemoteLost: lost(3)}),
			diagnosis.Degraded, "hold silence"},
		"a phone that reports nothing": {media(rtpprobe.Received{Packets: 500, OtherAudioMS: 9000}, rtpprobe.Reports{ReceivedSR: 2}),
			diagnosis.Inconclusive, "nothing shows whether"},
		"a click of the own tone": {media(rtpprobe.Received{Packets: 500, OwnToneMS: 60, OtherAudioMS: 9000}, rtpprobe.Reports{}), diagnosis.Inconclusive, "nothing shows whether"},
		"nothing arrives":         {media(rtpprobe.Received{}, rtpprobe.Reports{}), diagnosis.Inconclusive, "no audio arrived"},
		"nothing arrives, and it sends": {media(rtpprobe.Received{}, rtpprobe.Reports{RemoteLost: lost(0), ReceivedSR: 2}),
			diagnosis.Fail, "One-way audio"},
		"nothing arrives, and it only listens": {media(rtpprobe.Received{}, rtpprobe.Reports{RemoteLost: lost(0), ReceivedRR: 2}),
			diagnosis.Inconclusive, "no audio arrived"},
		"no such number":       {refused(sipprobe.Refused, 404, "Not Found"), diagnosis.Fail, "404 Not Found"},
		"an account is wanted": {refused(sipprobe.Refused, 407, "Proxy Authentication Required"), diagnosis.Inconclusive, "wants an account"},
		"it rings":             {refused(sipprobe.Silent, 180, "Ringing"), diagnosis.Inconclusive, "It rang"},
		"it tries":             {refused(sipprobe.Silent, 100, "Trying"), diagnosis.Inconclusive, "received the call"},
		"silence":              {refused(sipprobe.Silent, 0, ""), diagnosis.Inconclusive, "Nothing came back"},
		"no connection":        {refused(sipprobe.NotReached, 0, ""), diagnosis.Inconclusive, "the error"},
		"no port":              {func(end *evidence.CallEnd) { *end = evidence.CallEnd{Fault: "no media port"} }, diagnosis.Inconclusive, "no media port"},
		"a useless answer": {func(end *evidence.CallEnd) { end.Heard, end.Fault = nil, "the answer cannot be used" },
			diagnosis.Inconclusive, "the answer cannot be used"},
	} {
		to := netip.MustParseAddrPort("192.0.2.1:14000")
		end := evidence.CallEnd{Invite: &sipprobe.Exchange{Outcome: sipprobe.Accepted, Status: 200}, Established: true, Heard: &to, Media: &rtpprobe.Result{}}
		row.change(&end)
		got := diagnosis.JudgePeer("sip:100@192.0.2.1", end)
		if got.Verdict != row.verdict || !strings.Contains(got.Summary, row.summary) {
			t.Errorf("%s: %s: %s", name, got.Verdict, got.Summary)
		}
	}
}
