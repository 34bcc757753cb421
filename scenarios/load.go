package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// file is the YAML form of a Scenario: what a person writes, before defaults.
type file struct {
	Name        string                  `yaml:"name"`
	Title       string                  `yaml:"title"`
	Description string                  `yaml:"description"`
	Extends     string                  `yaml:"extends"`
	Source      *fileSource             `yaml:"source"`
	Variables   map[string]fileVariable `yaml:"variables"`
	Remove      []string                `yaml:"remove"`
	Checks      []fileCheck             `yaml:"checks"`
}

type fileCheck struct {
	ID         string        `yaml:"id"`
	Kind       string        `yaml:"kind"`
	Direction  string        `yaml:"direction"`
	Transports []string      `yaml:"transports"`
	Optional   bool          `yaml:"optional"`
	Talk       string        `yaml:"talk"`
	Pause      string        `yaml:"pause"`
	Codec      string        `yaml:"codec"`
	MaxLoss    *float64      `yaml:"max_loss_percent"`
	MinMOS     *float64      `yaml:"min_mos"`
	MaxJitter  *float64      `yaml:"max_jitter_ms"`
	MaxDelay   *float64      `yaml:"max_delay_ms"`
	MaxLossRun *int64        `yaml:"max_loss_run_packets"`
	Ports      string        `yaml:"ports"`
	Rate       *int          `yaml:"rate"`
	ProbeBytes *int          `yaml:"probe_bytes"`
	Limit      string        `yaml:"limit"`
	Steps      []string      `yaml:"steps"`
	Traffic    string        `yaml:"traffic"`
	Port       string        `yaml:"port"`
	Purpose    string        `yaml:"purpose"`
	Speaks     string        `yaml:"speaks"`
	Sizes      []int         `yaml:"sizes"`
	Responder  fileBehaviour `yaml:"responder"`
	Client     fileBehaviour `yaml:"client"`
	Media      fileMedia     `yaml:",inline"`
	TLS        fileTLS       `yaml:",inline"`
	Server     fileServer    `yaml:",inline"`
	fileTerms  `yaml:",inline"`
	Moves      fileMoves `yaml:",inline"`
}

var (
	idPattern    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	variableName = regexp.MustCompile(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)
)

// scenario makes the scenario of what was written; what is wrong is noted.
func (f file) scenario(l *reading, root *node) Scenario {
	if name := root.get("name"); name == nil {
		l.at(root, "name: is missing; want lower-case words joined by hyphens, such as my-trunk")
	} else if name.form == scalar && !idPattern.MatchString(f.Name) {
		l.at(name, "name: %s: want lower-case words joined by hyphens, such as my-trunk", quoted(f.Name))
	}
	s := Scenario{Name: f.Name, Title: f.Title, Description: f.Description, Extends: f.Extends}
	s.Source = f.source(l, root.get("source"))
	checks := root.get("checks")
	switch {
	case checks == nil:
		l.at(root, "checks: is missing; want a list of checks, each with id, kind and direction")
		return s
	case len(f.Checks) == 0 && checks.form == list:
		if remove := root.get("remove"); remove != nil {
			checks = remove
		}
		l.at(checks, "checks: there are none; want at least one, with id, kind and direction")
	case checks.form != list:
		return s
	}
	seen := make(map[string]bool)
	for i, c := range f.Checks {
		at := checks.items[i]
		l.foreignKeys(at, Kind(c.Kind))
		expanded, err := c.expand()
		if err != nil {
			l.locate(at, err)
			continue
		}
		for _, check := range expanded {
			if seen[check.ID] {
				l.at(at, "id: %q is there twice: each transport of a check makes an id of its own, with -udp, -tcp or -tls at its end", check.ID)
			}
			seen[check.ID] = true
		}
		s.Checks = append(s.Checks, expanded...)
	}
	return s
}

// expand makes one check for each transport, one alone for what is UDP only.
func (c fileCheck) expand() ([]Check, error) {
	if c.ID == "" {
		return nil, errors.New("id: is missing; want lower-case words joined by hyphens, such as call-in")
	}
	if !idPattern.MatchString(c.ID) {
		return nil, fmt.Errorf("id: %s: want lower-case words joined by hyphens, such as call-in", quoted(c.ID))
	}
	kind, err := oneOf("kind", c.Kind, "", Kinds()...)
	if err != nil {
		return nil, err
	}
	direction, err := c.way()
	if err != nil {
		return nil, err
	}
	base := Check{Kind: kind, Direction: direction, Optional: c.Optional}
	if err := c.describe(&base); err != nil {
		return nil, err
	}
	switch kind {
	case SweepKind:
		return c.sweep(base)
	case BindingKind:
		return c.binding(base)
	case TLSKind:
		return c.tls(base)
	case NATKind:
		return c.nat(base)
	case DSCPKind:
		return c.dscp(base)
	case ServerKind, ProviderKind:
		return c.others(base)
	case CallKind:
		err = c.describeCall(&base)
	case IdleKind:
		err = c.describeIdle(&base)
	case PortKind:
		return c.portChecks(base)
	}
	if err != nil {
		return nil, err
	}
	if kind == Options && direction == Outbound {
		return nil, errors.New("direction: options are inbound; outbound is tested by calls")
	}
	var out []Check
	for _, t := range c.over(kind) {
		check := base
		if check.Transport, err = oneOf[Transport]("transports", t, "", "udp", "tcp", "tls"); err != nil {
			return nil, err
		}
		if err := errors.Join(check.CheckSRTP(), check.CheckSignalling()); err != nil {
			return nil, err
		}
		if kind == IdleKind && check.Transport == "udp" {
			return nil, errors.New("transports: over UDP it is a binding that lives or dies; use kind binding")
		}
		check.ID = c.ID + "-" + t
		if err := c.describeSize(&check); err != nil {
			return nil, err
		}
		out = append(out, check)
	}
	return out, nil
}

// over are the transports of a check, where none are named all that its kind has.
func (c fileCheck) over(kind Kind) []string {
	all := []string{"udp", "tcp", "tls"}
	switch {
	case len(c.Transports) > 0:
		return c.Transports
	case kind == IdleKind:
		return all[1:]
	}
	return all
}

func (c fileCheck) describeCall(base *Check) error {
	talk, err := talkOf(c.Talk)
	if err != nil {
		return err
	}
	call := &Call{TalkMs: int(talk.Milliseconds()), MaxLossPercent: DefaultMaxLossPercent, MinMOS: DefaultMinMOS}
	if c.Pause != "" {
		if call.PauseMs, err = milliseconds("pause", c.Pause); err != nil {
			return err
		}
	}
	if err := c.describeLimits(call); err != nil {
		return err
	}
	if err := c.describeMedia(call); err != nil {
		return err
	}
	if err := CheckCall(*call); err != nil {
		return err
	}
	base.Call = call
	return c.Moves.describe(call, base.Direction)
}

// describeLimits reads what makes audio poor.
func (c fileCheck) describeLimits(call *Call) error {
	for _, limit := range []struct {
		key       string
		given     *float64
		into      *float64
		low, high float64
	}{
		{"max_loss_percent", c.MaxLoss, &call.MaxLossPercent, 0, 100},
		{"max_jitter_ms", c.MaxJitter, &call.MaxJitterMs, 0, 1000},
		{"max_delay_ms", c.MaxDelay, &call.MaxDelayMs, 0, 10_000},
	} {
		if limit.given == nil {
			continue
		}
		if !(*limit.given >= limit.low && *limit.given <= limit.high) { // so that it is not NaN either
			return fmt.Errorf("%s: %v is not between %v and %v", limit.key, *limit.given, limit.low, limit.high)
		}
		*limit.into = *limit.given
	}
	if c.MinMOS != nil {
		call.MinMOS = *c.MinMOS
	}
	if call.MinMOS != 0 && !(call.MinMOS >= 1 && call.MinMOS <= 4.4) {
		return fmt.Errorf("min_mos: %v is not between 1 and 4.4", call.MinMOS)
	}
	if c.MaxLossRun != nil {
		call.MaxLossRunPackets = *c.MaxLossRun
	}
	if call.MaxLossRunPackets < 0 || call.MaxLossRunPackets > 10_000 {
		return fmt.Errorf("max_loss_run_packets: %d is not between 0 and 10000", call.MaxLossRunPackets)
	}
	return nil
}

func talkOf(s string) (time.Duration, error) {
	if s == "" {
		return DefaultTalk, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`talk: %q is not a duration such as "5s"`, s)
	}
	return d, nil
}

// CheckTalk says what is wrong with a talk time, nil when nothing is.
func CheckTalk(d time.Duration) error {
	if d < time.Second || d > MaxTalk {
		return fmt.Errorf("talk: %v is not between 1s and %v", d, MaxTalk)
	}
	return nil
}

func checkPause(d time.Duration) error {
	if d < time.Second || d > MaxTalk {
		return fmt.Errorf("pause: %v is not between 1s and %v", d, MaxTalk)
	}
	return nil
}

// oneOf reads a word of a list; an absent one is the fallback, unless that is empty.
func oneOf[T ~string](key, word string, fallback T, list ...T) (T, error) {
	if word == "" && fallback != "" {
		return fallback, nil
	}
	if slices.Contains(list, T(word)) {
		return T(word), nil
	}
	return "", fmt.Errorf("%s: %s", key, noneOf(word, list))
}

// noneOf says that a word is not in a list, and which one may have been meant.
func noneOf[T ~string](word string, list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	all := strings.Join(words, ", ")
	if word == "" {
		return "is missing; want one of " + all
	}
	return fmt.Sprintf("%s is none of %s%s", quoted(word), all, didYouMean(word, words))
}
