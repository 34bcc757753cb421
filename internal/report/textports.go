package report

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
	"bothways/rtpprobe"
)

// The signs of a map of ports; each stands for the ports of its cell that were tried.
const (
	cellOpen     = "█"
	cellPartly   = "▒"
	cellShut     = "─"
	cellUnclear  = "?"
	cellNotTried = "·"
	cellNoPort   = " "
)

// steps are the numbers of ports that one sign may stand for.
var steps = [...]int{1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 160, 200, 256, 320, 400, 512, 640, 800, 1000, 1024, 1280, 1600, 2048, 2560, 3200, 4096}

// A portMap is one sweep as a row of signs.
type portMap struct {
	name        string
	first, last int
	step        int
	cells       []string
}

// ports draws the ports of every sweep, a row for each.
func (p *page) ports(checks []Check) {
	var maps []portMap
	label := 0
	for _, c := range checks {
		if c.Sweep != nil && c.Sweep.Counts != nil && c.Sweep.Ports != "" {
			label = max(label, lipgloss.Width(c.ID))
		}
	}
	const numbers = len("65535 65535  × 2,048") + 2
	for _, c := range checks {
		if c.Sweep != nil && c.Sweep.Counts != nil && c.Sweep.Ports != "" {
			maps = append(maps, drawPorts(c, max(p.width-2-label-2-numbers, minWidth/2)))
		}
	}
	if len(maps) == 0 {
		return
	}
	p.blank()
	for _, m := range maps {
		var row strings.Builder
		for _, cell := range m.cells {
			row.WriteString(p.cell(cell))
		}
		p.line(fmt.Sprintf("  %-*s  %5d %s %d  × %s", label, m.name, m.first, row.String(), m.last, thousands(m.step)))
	}
	p.styled("  ", "Each sign is so many ports: "+cellOpen+" all open, "+cellPartly+" some, "+cellShut+" none, "+cellUnclear+" undecided or in use, "+cellNotTried+" not tried.", faint())
}

// cell is a sign in the colour of what it says.
func (p *page) cell(sign string) string {
	switch sign {
	case cellOpen:
		return p.toned(diagnosis.Pass, sign)
	case cellPartly, cellShut:
		return p.toned(diagnosis.Fail, sign)
	case cellUnclear:
		return p.toned(diagnosis.Inconclusive, sign)
	}
	return sign
}

// drawPorts draws a sweep on so many columns at the most.
func drawPorts(c Check, columns int) portMap {
	all := portSet(&c.Sweep.Ports)
	ranges := all.Ranges()
	m := portMap{name: c.ID, first: int(ranges[0].From), last: int(ranges[len(ranges)-1].To)}
	n := m.last - m.first + 1
	i := slices.IndexFunc(steps[:], func(step int) bool { return (n+step-1)/step <= columns })
	if i < 0 {
		i = len(steps) - 1
	}
	m.step = steps[i]
	open, untried := portSet(c.Sweep.Open), portSet(c.Sweep.NotTried)
	lost := portSet(c.Sweep.RequestLost).Union(portSet(c.Sweep.ReplyLost)).Union(portSet(c.Sweep.WrongPort))
	for from := m.first; from <= m.last; from += m.step {
		here := rtpprobe.PortRangeSet(rtpprobe.PortRange{From: uint16(from), To: uint16(min(from+m.step-1, m.last))}).Intersect(all)
		m.cells = append(m.cells, sign(here.Len(), here.Intersect(untried).Len(), here.Intersect(open).Len(), here.Intersect(lost).Len()))
	}
	return m
}

func sign(all, untried, open, lost int) string {
	switch tried := all - untried; {
	case all == 0:
		return cellNoPort
	case tried == 0:
		return cellNotTried
	case open == tried:
		return cellOpen
	case lost > 0 && open > 0:
		return cellPartly
	case lost > 0:
		return cellShut
	}
	return cellUnclear
}

// portSet reads ports as the report has them; none where they are not known.
func portSet(text *string) (s rtpprobe.PortSet) {
	if text != nil {
		// What the report has printed can be read.
		_ = s.UnmarshalText([]byte(*text))
	}
	return s
}

// thousands prints a number below a million with its comma.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
