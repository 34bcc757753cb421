package lab

import (
	"time"

	"bothways/internal/natlab"
)

// The lab's load: the scenario of this name is made here, not read.
const (
	loadScenario = "load"
	loadCalls    = 40
	loadCPS      = 20
	loadHold     = 3 * time.Second
)

// loadFaults are limits that one call does not meet.
func loadFaults() []Fault {
	media := func(change func(*natlab.Rule)) natlab.Rule {
		r := natlab.Rule{Proto: natlab.UDP, DestinationPorts: rtpPorts}
		change(&r)
		return r
	}
	faults := []Fault{
		{Name: "load-clean", Title: "nothing is wrong, with forty calls at once",
			Topology: everything(), Verdict: "pass"},
		{Name: "load-client-nat", Title: "nothing is wrong, with forty calls at once, and the client is behind a NAT of its own",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Verdict: "pass"},
		{Name: "load-loss", Title: "one media packet in a hundred is lost towards the site, with forty calls at once",
			Topology: breaking(media(func(r *natlab.Rule) { r.Name, r.Direction, r.Every = "loss", natlab.Inbound, 100 })), Verdict: "pass"},
		{Name: "load-state-table", Title: "the router has room for forty media flows, those of twenty calls",
			Topology: breaking(media(func(r *natlab.Rule) { r.Name, r.OverFlows = "full", 40 })), Verdict: "fail"},
		{Name: "load-policed", Title: "the router lets 1200 media packets a second in, those of 24 calls",
			Topology: breaking(media(func(r *natlab.Rule) { r.Name, r.Direction, r.OverPPS = "policed", natlab.Inbound, 1200 })), Verdict: "degraded"},
	}
	for i := range faults {
		faults[i].Scenario = loadScenario
	}
	return faults
}
