package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
)

// A Timeline is a call second by second, since the end that called opened its media.
type Timeline struct {
	Inbound  []Second `json:"inbound"`
	Outbound []Second `json:"outbound"`
	// Events are what happened, in order.
	Events []TimelineEvent `json:"events"`
}

// A Second is one of one direction.
type Second struct {
	SentPackets     int64 `json:"sent_packets"`
	ReceivedPackets int64 `json:"received_packets"`
}

// A TimelineEvent is a message or a move, as the side at its end noted it.
type TimelineEvent struct {
	AtMs float64 `json:"at_ms"`
	// End is "client" or "responder".
	End string `json:"end"`
	// Message is ">INVITE" for one that was sent and "<200" for one that was received,
	// null for a move; Move is null for a message.
	Message *string `json:"message"`
	Move    *string `json:"move"`
}

func buildTimeline(t *diagnosis.Timeline) *Timeline {
	if t == nil {
		return nil
	}
	out := &Timeline{Inbound: buildSeconds(t.Inbound), Outbound: buildSeconds(t.Outbound), Events: []TimelineEvent{}}
	for _, e := range t.Events {
		out.Events = append(out.Events, TimelineEvent{AtMs: e.AtMs, End: string(e.End), Message: orNull(e.Message), Move: orNull(e.Move)})
	}
	return out
}

func buildSeconds(all []diagnosis.Second) []Second {
	out := []Second{}
	for _, s := range all {
		out = append(out, Second{s.Sent, s.Received})
	}
	return out
}

// The signs of a timeline; each stands for a second, or for as many as it takes.
const (
	secondHeard  = "█"
	secondPartly = "▒"
	secondLost   = "─"
	secondIdle   = "·"
)

// fewPackets are too few of a second to say that it was to be heard.
const fewPackets = 10

// timelines draws the calls in which more happened than talk: a row for each direction,
// and what happened below it.
func (p *page) timelines(checks []Check) {
	drawn := false
	for _, c := range checks {
		if c.Timeline == nil {
			continue
		}
		p.blank()
		p.timeline(c)
		drawn = true
	}
	if drawn {
		p.styled("  ", "Signs of a call: "+secondHeard+" audio arrived, "+secondPartly+" some of it, "+secondLost+" sent and lost, "+secondIdle+" nothing was sent.", faint())
	}
}

func (p *page) timeline(c Check) {
	t := c.Timeline
	label := lipgloss.Width(c.ID)
	room := max(p.width-2-label-2-len("out ")-len(" × 60 s"), minWidth/2)
	n := max(len(t.Inbound), len(t.Outbound), 1)
	step := (n + room - 1) / room
	for i, row := range []struct {
		name string
		all  []Second
	}{{"in ", t.Inbound}, {"out", t.Outbound}} {
		name := c.ID
		if i > 0 {
			name = strings.Repeat(" ", label)
		}
		var signs strings.Builder
		for part := range slices.Chunk(row.all, step) {
			signs.WriteString(p.second(part))
		}
		p.line(fmt.Sprintf("  %s  %s %s × %d s", name, row.name, signs.String(), step))
	}
	indent := strings.Repeat(" ", 2+label+2+len("out "))
	marks := []rune(strings.Repeat(" ", (n+step-1)/step))
	var lines []string
	for _, e := range t.Events {
		if e.Move == nil {
			continue
		}
		letter := 'a' + rune(len(lines)%26)
		if at := int(e.AtMs/1000) / step; at >= 0 && at < len(marks) {
			marks[at] = letter
		}
		lines = append(lines, fmt.Sprintf("%c  %5.1f s  %s", letter, math.Max(e.AtMs, 0)/1000, *e.Move))
	}
	if len(lines) == 0 {
		return
	}
	p.line(strings.TrimRight(indent+string(marks), " "))
	for _, l := range lines {
		p.styled(indent, l, faint())
	}
}

// second is the sign of so many seconds.
func (p *page) second(part []Second) string {
	var sent, received int64
	lost := false
	for _, s := range part {
		sent, received = sent+s.SentPackets, received+s.ReceivedPackets
		lost = lost || s.SentPackets >= 2*fewPackets && s.ReceivedPackets*2 < s.SentPackets
	}
	switch {
	case sent < fewPackets && received < fewPackets:
		return secondIdle
	case received < fewPackets && sent >= 2*fewPackets:
		return p.toned(diagnosis.Fail, secondLost)
	case lost:
		return p.toned(diagnosis.Fail, secondPartly)
	}
	return p.toned(diagnosis.Pass, secondHeard)
}
