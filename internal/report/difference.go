package report

import "bothways/internal/diagnosis"

// A Difference is a setting of one side that decides whether calls have audio both ways, as
// calls that differ in it alone show.
type Difference struct {
	// Side is "responder" or "client", Setting the key in the scenario.
	Side    string `json:"side"`
	Setting string `json:"setting"`
	Works   string `json:"works"`
	Fails   string `json:"fails"`
	// NoAudio is the direction that is dead with the value that fails, or "both".
	NoAudio string `json:"no_audio"`
	// Pairs are checks: the one that works, then the one that fails.
	Pairs [][2]string `json:"pairs"`
	// OnlyWith are other settings that those pairs share, and no other pair has.
	OnlyWith []string `json:"only_with"`
	// NeutralPairs counts the pairs to which it makes no difference.
	NeutralPairs int `json:"neutral_pairs"`
	// Summary tells it in a sentence.
	Summary string `json:"summary"`
}

func buildDifferences(all []diagnosis.Difference) []Difference {
	var out []Difference
	for _, d := range all {
		one := Difference{
			Side: d.Side, Setting: d.Setting, Works: d.Works, Fails: d.Fails, NoAudio: string(d.Dead), Pairs: d.Pairs,
			OnlyWith: notNull(d.Only), NeutralPairs: d.Neutral, Summary: d.String(),
		}
		if one.NoAudio == "" {
			one.NoAudio = "both"
		}
		out = append(out, one)
	}
	return out
}

// differences says whose setting decides.
func (p *page) differences(all []Difference) {
	if len(all) == 0 {
		return
	}
	p.heading("What makes the difference")
	for _, d := range all {
		p.para("  • ", d.Summary)
	}
}
