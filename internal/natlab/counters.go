package natlab

import "fmt"

// A Counter is what a rule has hit, or an alteration changed, since the lab was built.
type Counter struct {
	// Rule is the name of the rule or alteration.
	Rule string
	// Packets and Bytes count what was hit; Bytes from the IP header on.
	Packets, Bytes uint64
}

// Counters reads the counters of all rules, and then those of all alterations, in
// the order of the topology.
func (l *Lab) Counters() ([]Counter, error) {
	read := map[Router][]Counter{}
	var all []Counter
	for _, r := range l.rules {
		at := r.router()
		if _, ok := read[at]; !ok {
			cs, err := l.Host(string(at)).counters()
			if err != nil {
				return nil, fmt.Errorf("read counters: %w", err)
			}
			read[at] = cs
		}
		if len(read[at]) == 0 {
			return nil, fmt.Errorf("read counters: the %s has lost rule %q; build the lab again", at, r.Name)
		}
		c := read[at][0]
		c.Rule, read[at] = r.Name, read[at][1:]
		all = append(all, c)
	}
	return append(all, l.box.counters()...), nil
}

// Hits reads how many packets a rule has hit, or an alteration changed.
func (l *Lab) Hits(rule string) (uint64, error) {
	all, err := l.Counters()
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.Rule == rule {
			return c.Packets, nil
		}
	}
	return 0, fmt.Errorf("no rule or alteration is called %q in this lab", rule)
}

// router is where the rule acts.
func (r Rule) router() Router { return r.Router.resolve() }

// resolve gives "" its meaning.
func (r Router) resolve() Router {
	if r == "" {
		return SiteRouter
	}
	return r
}
