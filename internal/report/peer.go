package report

import (
	"fmt"
	"io"
	"strings"

	"bothways/internal/diagnosis"
	"bothways/rtpprobe"
)

// WritePeer writes for a person what a call to somebody without a ledger showed.
func WritePeer(w io.Writer, d diagnosis.Peer, o TextOptions) error {
	p := newPage(o)
	p.styled(p.toned(d.Verdict, mark(d.Verdict)+" "+strings.ToUpper(string(d.Verdict)))+"  ", d.Summary, bold())
	if x := d.Call.Invite; x != nil {
		line := fmt.Sprintf("%s • %s over %s", d.Target, x.Remote, x.Transport)
		if x.Server != "" {
			line += " • " + x.Server
		}
		p.styled("  ", line, faint())
	}
	if m := d.Call.Media; m != nil && d.Call.Established {
		p.heardAndSent(*m)
	}
	if d.Next != "" {
		p.heading("To do")
		p.para("  ", d.Next)
	}
	return p.flush(w)
}

func (p *page) heardAndSent(m rtpprobe.Result) {
	p.heading("What this end saw")
	for _, to := range m.Sent.Destinations {
		p.para("  sent      ", fmt.Sprintf("%s to %s, with a tone of 1,004 Hz", packets(to.Packets), to.Address))
	}
	for _, to := range m.Sent.RefusedDestinations {
		p.para("  not sent  ", fmt.Sprintf("%s to %s, which was not called; --media allows that address", packets(to.Packets), to.Address))
	}
	for _, from := range m.Received.Sources {
		p.para("  received  ", fmt.Sprintf("%s from %s", packets(from.Packets), from.Address))
	}
	for _, from := range m.Received.RefusedSources {
		p.para("  refused   ", fmt.Sprintf("%s from %s, which was not called; --media allows that address", packets(from.Packets), from.Address))
	}
	in := m.Received
	if in.Packets > 0 {
		p.para("  heard     ", fmt.Sprintf("this end's own tone %s, another sound %s, silence %s",
			seconds(in.OwnToneMS), seconds(in.ToneHeardMS+in.OtherAudioMS), seconds(in.SilenceMS)))
	}
	if m.RTCP.RemoteLost != nil {
		p.para("  reported  ", fmt.Sprintf("the other end says that it lost %d of this end's packets", *m.RTCP.RemoteLost))
	}
}

func seconds(ms float64) string { return fmt.Sprintf("%.1f s", ms/1000) }

func packets(n int64) string {
	if n == 1 {
		return "1 packet"
	}
	return fmt.Sprintf("%d packets", n)
}
