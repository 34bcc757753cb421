package diagnosis

import (
	"fmt"
	"reflect"
	"slices"

	"bothways/scenarios"
)

// A Difference is a setting of one side that decides whether calls have audio both ways: two calls or more differ in it
// alone, and where it is as Fails says they do not.
type Difference struct {
	// Side is "responder" or "client", Setting the key of the scenario, such as "latch".
	Side, Setting string
	// Works and Fails are the values of the setting.
	Works, Fails string
	// Dead is the direction that has no audio, empty for both.
	Dead scenarios.Direction
	// Pairs are the checks that show it: the one that works, then the one that fails.
	Pairs [][2]string
	// Only names settings that all those pairs share, and none of the pairs that this setting makes no
	// difference to: "client latch: always"; empty when there are none.
	Only []string
	// Neutral counts the pairs that it makes no difference to.
	Neutral int
}

// A setting is one that calls of a scenario may differ in.
type setting struct {
	side, name string
	of         func(*scenarios.Call) *string
}

// settings are those that are words; the others are alike in all calls that are compared.
func settings() []setting {
	var out []setting
	for _, side := range []string{"responder", "client"} {
		b := func(c *scenarios.Call) *scenarios.Behaviour {
			if side == "client" {
				return &c.Client
			}
			return &c.Responder
		}
		out = append(out,
			setting{side, "media_address", func(c *scenarios.Call) *string { return (*string)(&b(c).MediaAddress) }},
			setting{side, "latch", func(c *scenarios.Call) *string { return (*string)(&b(c).Latch) }},
			setting{side, "source_port", func(c *scenarios.Call) *string { return (*string)(&b(c).SourcePort) }},
			setting{side, "rtcp", func(c *scenarios.Call) *string { return (*string)(&b(c).RTCP) }},
			setting{side, "answers_to", func(c *scenarios.Call) *string { return (*string)(&b(c).AnswersTo) }},
			setting{side, "signalling_port", func(c *scenarios.Call) *string { return (*string)(&b(c).SignallingPort) }},
			setting{side, "srtp_key", func(c *scenarios.Call) *string { return (*string)(&b(c).SRTPKey) }})
	}
	return out
}

// word is the value of a setting as one writes it.
func (s setting) word(c *scenarios.Call) string {
	text := *s.of(c)
	switch {
	case text != "":
		return text
	case s.name == "source_port":
		return string(scenarios.SamePort)
	case s.name == "rtcp":
		return string(scenarios.RTCPNextPort)
	case s.name == "answers_to":
		return string(scenarios.ToSource)
	case s.name == "signalling_port":
		return string(scenarios.SameSignallingPort)
	case s.name == "srtp_key":
		return string(scenarios.RightKey)
	}
	return "unknown"
}

// differences compares each call with each other one that differs from it in one setting.
func (v *view) differences() []Difference {
	var calls []call
	for i := range v.Checks {
		c := &v.Checks[i]
		if c.Control != "" || c.Skipped != "" || c.CallFacts == nil || c.Call == nil {
			continue
		}
		if one := v.newCall(c); one.established() && fault(one) == "" && one.decided() {
			calls = append(calls, one)
		}
	}
	var out []Difference
	for _, s := range settings() {
		out = append(out, compared(s, calls)...)
	}
	return out
}

// decided reports whether both directions of the call were recorded at both ends.
func (c call) decided() bool {
	return !slices.ContainsFunc(c.legs(), func(l leg) bool { return l.state == unknown || l.state == local })
}

// works reports whether audio went both ways, and could be understood.
func (c call) works() bool {
	return c.carried(scenarios.Inbound) && c.carried(scenarios.Outbound) && !c.in.silent() && !c.out.silent()
}

// lost is the direction without audio, empty for both.
func (c call) lost() scenarios.Direction {
	in, out := c.carried(scenarios.Inbound) && !c.in.silent(), c.carried(scenarios.Outbound) && !c.out.silent()
	switch {
	case in && !out:
		return scenarios.Outbound
	case out && !in:
		return scenarios.Inbound
	}
	return ""
}

// compared are the differences that one setting makes, one for each pair of its values and each direction.
func compared(s setting, calls []call) []Difference {
	var out []Difference
	var failing, neutral [][]*scenarios.Call
	for i, a := range calls {
		for _, b := range calls[i+1:] {
			if !s.alone(a, b) {
				continue
			}
			if a.works() == b.works() {
				neutral = append(neutral, []*scenarios.Call{a.check.Call, b.check.Call})
				continue
			}
			good, bad := a, b
			if b.works() {
				good, bad = b, a
			}
			d := Difference{Side: s.side, Setting: s.name, Works: s.word(good.check.Call), Fails: s.word(bad.check.Call), Dead: bad.lost()}
			n := slices.IndexFunc(out, d.alike)
			if n < 0 {
				n, out, failing = len(out), append(out, d), append(failing, nil)
			}
			out[n].Pairs = append(out[n].Pairs, [2]string{good.check.ID, bad.check.ID})
			failing[n] = append(failing[n], good.check.Call)
		}
	}
	for n := range out {
		same := func(pair []*scenarios.Call) bool {
			return slices.Contains([]string{s.word(pair[0]), s.word(pair[1])}, out[n].Fails) &&
				slices.Contains([]string{s.word(pair[0]), s.word(pair[1])}, out[n].Works)
		}
		beside := slices.DeleteFunc(slices.Clone(neutral), func(pair []*scenarios.Call) bool { return !same(pair) })
		out[n].Neutral = len(beside)
		out[n].Only = only(s, failing[n], beside)
	}
	return out
}

func (d Difference) alike(other Difference) bool {
	return d.Works == other.Works && d.Fails == other.Fails && d.Dead == other.Dead
}

// alone reports whether two calls differ in the setting and in nothing else.
func (s setting) alone(a, b call) bool {
	x, y := *a.check.Call, *b.check.Call
	if a.check.Direction != b.check.Direction || a.check.Transport != b.check.Transport || *s.of(&x) == *s.of(&y) {
		return false
	}
	*s.of(&x) = *s.of(&y)
	x.TalkMs, x.MaxLossPercent, x.MinMOS, x.MaxFirstPacketMs, x.Expect = y.TalkMs, y.MaxLossPercent, y.MinMOS, y.MaxFirstPacketMs, y.Expect
	x.MaxJitterMs, x.MaxDelayMs, x.MaxLossRunPackets = y.MaxJitterMs, y.MaxDelayMs, y.MaxLossRunPackets
	return reflect.DeepEqual(x, y)
}

// only are the other settings that all failing pairs share and no neutral pair has; nothing where there is no neutral pair.
func only(s setting, failing []*scenarios.Call, neutral [][]*scenarios.Call) (out []string) {
	if len(neutral) == 0 {
		return nil
	}
	for _, other := range settings() {
		if other.side == s.side && other.name == s.name {
			continue
		}
		value := other.word(failing[0])
		shared := !slices.ContainsFunc(failing, func(c *scenarios.Call) bool { return other.word(c) != value })
		elsewhere := slices.ContainsFunc(neutral, func(pair []*scenarios.Call) bool { return other.word(pair[0]) == value })
		if shared && !elsewhere {
			out = append(out, fmt.Sprintf("%s %s: %s", other.side, other.name, value))
		}
	}
	return out
}

// String tells the difference in a sentence.
func (d Difference) String() string {
	who := "neither side hears the other"
	if d.Dead != "" {
		who = hears(d.Dead) + " hears nothing"
	}
	out := fmt.Sprintf("%s %s: with %s audio goes both ways, with %s %s", d.Side, d.Setting, d.Works, d.Fails, who)
	if len(d.Only) > 0 {
		out += ", as long as " + list(d.Only)
	}
	out += fmt.Sprintf(" (%s, %s", d.Pairs[0][0], d.Pairs[0][1])
	if n := len(d.Pairs) - 1; n > 0 {
		out += ", and " + count(int64(n), "more pair")
	}
	if d.Neutral > 0 {
		out += "; no difference in " + count(int64(d.Neutral), "other pair")
	}
	return out + ")"
}
