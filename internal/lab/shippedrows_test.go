package lab_test

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A row is one of a port table, as a scenario's checks have it.
type row struct {
	direction scenarios.Direction
	proto     natlab.Proto
	ports     string
	// fails are the checks that stand for the row, and must fail without it.
	fails []string
	// may are those that need the row as well, and whose verdict is open without it.
	may []string
	// pairs says that the two ends may be paired over it.
	pairs bool
}

func (r row) String() string { return fmt.Sprintf("%s %s %s", r.direction, r.proto, r.ports) }

// tableRows makes the port table of a scenario. What else goes to the site over a row of SIP
// falls with it: calls, the forms and sizes of SIP, the certificate. Without audio's row
// inwards a call to the site has its first second at stake, in which the site only listens.
func tableRows(s scenarios.Scenario) (rows []row) {
	at := func(c scenarios.Check, d scenarios.Direction, proto natlab.Proto, ports string) *row {
		i := slices.IndexFunc(rows, func(r row) bool { return r.direction == d && r.proto == proto && r.ports == ports })
		if i < 0 {
			i, rows = len(rows), append(rows, row{direction: d, proto: proto, ports: ports})
		}
		return &rows[i]
	}
	for _, c := range s.Checks {
		switch {
		case c.Kind == scenarios.Options:
			r := at(c, c.Direction, sipProto(c), sipPort(c))
			r.fails, r.pairs = append(r.fails, c.ID), true
		case c.Kind == scenarios.CallKind && c.Direction == scenarios.Outbound:
			r := at(c, c.Direction, sipProto(c), sipPort(c))
			r.fails = append(r.fails, c.ID)
		case c.Port != nil:
			r := at(c, c.Direction, natlab.Proto(c.Transport), fmt.Sprint(c.Port.Number))
			r.fails = append(r.fails, c.ID)
		case c.TLS != nil && c.TLS.Port != 0:
			r := at(c, c.Direction, natlab.TCP, fmt.Sprint(c.TLS.Port))
			r.fails = append(r.fails, c.ID)
		case c.Sweep != nil:
			r := at(c, c.Direction, natlab.UDP, c.Sweep.Ports)
			r.fails = append(r.fails, c.ID)
		}
	}
	for _, c := range s.Checks {
		if c.TLS != nil && c.TLS.Port == 0 || inSIP(c) {
			r := at(c, scenarios.Inbound, sipProto(c), sipPort(c))
			r.fails, r.pairs = append(r.fails, c.ID), true
		}
	}
	for i := range rows {
		for _, c := range s.Checks {
			// From the site forms and sizes go to the client's own port where that is public, else over its flow.
			if fromSite(c) && sipProto(c) == rows[i].proto && sipPort(c) == rows[i].ports {
				rows[i].may = append(rows[i].may, c.ID)
			}
		}
	}
	for i := range rows {
		if r := &rows[i]; r.proto == natlab.UDP && strings.Contains(r.ports, "-") && r.direction == scenarios.Inbound {
			r.may = append(r.may, calls(s, scenarios.Inbound)...)
		}
	}
	return rows
}

func fromSite(c scenarios.Check) bool {
	return c.Direction == scenarios.Outbound && (c.Kind == scenarios.RewritingKind || c.Kind == scenarios.SizeKind)
}

// inSIP reports whether a check goes over a flow of SIP that the client opens.
func inSIP(c scenarios.Check) bool {
	return c.Kind == scenarios.RewritingKind || c.Direction == scenarios.Inbound && slices.Contains([]scenarios.Kind{scenarios.CallKind, scenarios.SizeKind, scenarios.IdleKind}, c.Kind)
}

// calls are those of a direction, or of both.
func calls(s scenarios.Scenario, directions ...scenarios.Direction) (ids []string) {
	for _, c := range s.Checks {
		if c.Call != nil && slices.Contains(directions, c.Direction) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func sipProto(c scenarios.Check) natlab.Proto {
	if c.Transport == "udp" {
		return natlab.UDP
	}
	return natlab.TCP
}

func sipPort(c scenarios.Check) string {
	if c.Transport == "tls" {
		return "5061"
	}
	return "5060"
}

// ranges are the row's ports.
func (r row) ranges() (out []natlab.Ports) {
	var set rtpprobe.PortSet
	if err := set.UnmarshalText([]byte(r.ports)); err != nil {
		panic(err) // a scenario was read with them
	}
	for _, p := range set.Ranges() {
		out = append(out, natlab.Ports{From: p.From, To: p.To})
	}
	return out
}

// forwards are what a site needs for the row.
func (r row) forwards() (out []natlab.Forward) {
	if r.direction == scenarios.Outbound {
		return nil
	}
	for _, p := range r.ranges() {
		out = append(out, natlab.Forward{Proto: r.proto, Ports: p})
	}
	return out
}

// rules take the row away, as a router does without its forward, or a firewall that does
// not allow it towards the WAN: what answers may pass. Audio's range outwards is that of
// packets from the PBX's own range: the ports of SIP lie in it too.
func (r row) rules() (out []natlab.Rule) {
	for i, p := range r.ranges() {
		rule := natlab.Rule{Name: strings.ReplaceAll(fmt.Sprint(r, " ", i), " ", "-"), Direction: natlab.Direction(r.direction), Proto: r.proto, DestinationPorts: p, NewFlows: true}
		if r.direction == scenarios.Outbound && p.To > p.From {
			rule.SourcePorts = natlab.Ports{From: 10000, To: 20000}
		}
		out = append(out, rule)
	}
	return out
}

// groups takes rows away, several at a time: each alone in its combination of runs, so
// that a check that falls in its row's runs and in no others is that row's. Those over
// which the two ends are paired are missing one at a time.
func groups(rows []row) (runs [][]row) {
	var last int
	for _, r := range rows {
		if r.pairs {
			runs = append(runs, []row{r})
			last = len(runs)
		}
	}
	code := 0
	for _, r := range rows {
		if r.pairs {
			continue
		}
		for code++; last > 0 && code&(code-1) == 0 && code < 1<<last; code++ {
		}
		for bit := 0; code>>bit > 0; bit++ {
			for len(runs) <= bit {
				runs = append(runs, nil)
			}
			if code>>bit&1 == 1 {
				runs[bit] = append(runs[bit], r)
			}
		}
	}
	return slices.DeleteFunc(runs, func(r []row) bool { return len(r) == 0 })
}

// sipForwards are SIP's.
func sipForwards() []natlab.Forward {
	return []natlab.Forward{{Proto: natlab.UDP, Ports: natlab.Port(5060)}, {Proto: natlab.TCP, Ports: natlab.Port(5060)}, {Proto: natlab.TCP, Ports: natlab.Port(5061)}}
}

// siteFor forwards what the rows name, and what calls without a row for audio need.
func siteFor(s scenarios.Scenario, rows []row) lab.Fault {
	var f lab.Fault
	for _, r := range rows {
		f.Topology.Forwards = append(f.Topology.Forwards, r.forwards()...)
	}
	if !slices.ContainsFunc(rows, func(r row) bool { return r.pairs }) {
		f.Topology.Forwards = append(f.Topology.Forwards, sipForwards()...)
	}
	audio := slices.ContainsFunc(s.Checks, func(c scenarios.Check) bool { return c.Sweep != nil && c.Direction == scenarios.Inbound })
	if !audio {
		f.Topology.Forwards = append(f.Topology.Forwards, natlab.Forward{Proto: natlab.UDP, Ports: natlab.Ports{From: 10000, To: 20000}})
	}
	return f
}
