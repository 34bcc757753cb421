package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// PeerSchema names the JSON form of a Peer.
const PeerSchema = "bothways/call/v1"

// A Peer is what one call to somebody showed who keeps no ledger: a phone, an
// extension, an echo service. One end alone never proves a cause, so none is named.
type Peer struct {
	Schema string `json:"schema"`
	// Target is what the user typed.
	Target  string  `json:"target"`
	Verdict Verdict `json:"verdict"`
	// Summary is the verdict in one sentence.
	Summary string `json:"summary"`
	// Next is what to do to learn more; empty when nothing is open.
	Next string           `json:"next,omitempty"`
	Call evidence.CallEnd `json:"call"`
}

// JudgePeer says what this end's record of a call proves.
func JudgePeer(target string, end evidence.CallEnd) Peer {
	p := Peer{Schema: PeerSchema, Target: target, Call: end, Verdict: Inconclusive}
	switch {
	case end.Invite == nil:
		p.Summary = "This machine could not call: " + end.Fault + "."
	case !end.Established:
		p.unanswered(*end.Invite)
	case end.Heard == nil || end.Media == nil:
		p.Summary = "The call was answered, and " + end.Fault + "."
	default:
		p.talked(end)
	}
	return p
}

// twoLedgers is how to learn what one end cannot know.
const twoLedgers = "Only two ledgers tell where audio ends: put bothways-responder in the place of the other end, and use bothways run."

func (p *Peer) unanswered(x sipprobe.Exchange) {
	answer := strings.TrimSpace(fmt.Sprintf("%d %s", x.Status, x.Reason))
	switch {
	case x.Status == 401 || x.Status == 407:
		p.Summary = "The other end wants an account (" + answer + "), and this program has none."
		p.Next = "Call a number that needs none, or let a phone with an account call a bothways-responder --answer-anyone."
	case x.Status >= 300:
		p.Verdict, p.Summary = Fail, "The call was refused: "+answer+"."
	case x.Status >= 180:
		p.Summary = "It rang (" + answer + "), and nobody answered."
	case x.Status >= 100:
		p.Summary = "The other end received the call (" + answer + ") and did not answer it."
	case x.Outcome == sipprobe.Silent:
		p.Summary = "Nothing came back."
		p.Next = "Nothing on this end tells whether the call arrived. " + twoLedgers
	default:
		p.Summary = "The call did not leave this machine, or its connection failed: " + x.Error + "."
	}
}

// talked judges an answered call. That the other end hears this one is proven by what
// it says of this end's stream in RTCP, which only somebody can who receives it
// (RFC 3550 section 6.4.1), or by this end's own tone that comes back.
func (p *Peer) talked(end evidence.CallEnd) {
	in, rtcp := end.Media.Received, end.Media.RTCP
	echo := in.OwnToneMS >= least
	there, sound := echo || rtcp.RemoteLost != nil, in.ToneHeardMS+in.OwnToneMS+in.OtherAudioMS
	switch {
	case in.Packets == 0 && there && rtcp.ReceivedSR > 0:
		p.Verdict, p.Summary = Fail, "One-way audio: the other end receives this one and says that it sends, and nothing arrived here."
		p.Next = twoLedgers
	case in.Packets == 0:
		p.Summary, p.Next = "The call was answered, and no audio arrived here.", twoLedgers
	case !there:
		p.Summary, p.Next = "Audio arrived here; nothing shows whether the other end hears this one.", "Ask who listens there for a steady tone of 1,004 Hz. "+twoLedgers
	case echo:
		p.Verdict, p.Summary = Pass, "Audio went both ways: this end's own tone came back."
	case sound < least:
		p.Verdict, p.Summary = Degraded, "Packets went both ways; those that arrived here hold silence."
		p.Next = "Speak at the other end, or let it play something, and call again."
	default:
		p.Verdict, p.Summary = Pass, "Audio arrived here, and the other end reports that it receives this one's."
	}
}

// least is how many milliseconds of a sound are no accident.
const least = 500
