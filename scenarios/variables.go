package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Variable is a value that a scenario leaves to whoever runs it.
type Variable struct {
	Name string       `json:"name"`
	Type VariableType `json:"type"`
	// Title says what it is for, empty when the scenario does not.
	Title string `json:"title,omitempty"`
	// Default is what the scenario says, Value what it was read with.
	Default string `json:"default"`
	Value   string `json:"value"`
}

// A VariableType says what a variable's value must look like.
type VariableType string

// The types of variables.
const (
	// TargetVariable is a host name or an address, NameVariable the name in a certificate.
	TargetVariable VariableType = "target"
	NameVariable   VariableType = "name"
	// PortVariable is one port, PortsVariable ports and ranges joined by commas.
	PortVariable  VariableType = "port"
	PortsVariable VariableType = "ports"
	// DurationVariable is a time such as "90s", PercentVariable a number from 0 to 100.
	DurationVariable VariableType = "duration"
	PercentVariable  VariableType = "percent"
	// NumberVariable is any number, TextVariable any line of text.
	NumberVariable VariableType = "number"
	TextVariable   VariableType = "text"
)

// VariableTypes are all types of variables.
func VariableTypes() []VariableType {
	return []VariableType{TargetVariable, PortVariable, PortsVariable, DurationVariable, PercentVariable, NumberVariable, NameVariable, TextVariable}
}

// Check says what is wrong with a value of the type, nil when nothing is.
func (t VariableType) Check(value string) error {
	switch t {
	case TargetVariable, NameVariable:
		return CheckServerName(value)
	case PortVariable:
		if _, ok := portOf(value); !ok {
			return fmt.Errorf("%s is not a port from 1 to 65535", quoted(value))
		}
	case PortsVariable:
		if err := checkPorts(value); err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), "ports: "))
		}
	case DurationVariable:
		if d, err := time.ParseDuration(value); err != nil || d < 0 {
			return fmt.Errorf(`%s is not a duration such as "90s"`, quoted(value))
		}
	case PercentVariable:
		if f, err := strconv.ParseFloat(value, 64); err != nil || !(f >= 0 && f <= 100) {
			return fmt.Errorf("%s is not a number from 0 to 100", quoted(value))
		}
	case NumberVariable:
		if f, err := strconv.ParseFloat(value, 64); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return fmt.Errorf("%s is not a number", quoted(value))
		}
	default:
		if len(value) > MaxPurposeBytes || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
			return fmt.Errorf("%s is not one line of at most %d bytes", quoted(value), MaxPurposeBytes)
		}
	}
	return nil
}

// fileVariable is a variable as a person writes it: this, or its default alone.
type fileVariable struct {
	Type    string `yaml:"type"`
	Default string `yaml:"default"`
	Title   string `yaml:"title"`
}

// shortVariables writes out variables that are given by their value alone.
func shortVariables(all *node) {
	if all.form != mapping {
		return
	}
	for i := range all.entries {
		if v := all.entries[i].value; v.form == scalar {
			key := &node{file: v.file, line: v.line, column: v.column, form: scalar, text: "default"}
			all.entries[i].value = &node{file: v.file, line: v.line, column: v.column, form: mapping, entries: []entry{{key, v}}}
		}
	}
}

// A bench is where variables are put into the values of a scenario.
type bench struct {
	*problems
	values map[string]*Variable
	wrong  map[string]bool // of which something was said
	used   map[string]bool
	lost   bool // a value asks for a variable that there is not
}

// declare reads the variables of a scenario, with what they were set to, and puts them
// in. Those of an extended scenario that nothing uses any more are left out.
func (l *reading) declare(root *node) []Variable {
	given := root.get("variables")
	b := bench{problems: &l.problems, values: make(map[string]*Variable), used: make(map[string]bool), wrong: make(map[string]bool)}
	var out []Variable
	if given != nil {
		shortVariables(given)
		var read map[string]fileVariable
		(&decoder{problems: &l.problems}).decode(given, &read, "variables")
		for _, e := range given.entries {
			out = append(out, l.variable(e, read[e.key.text]))
		}
	}
	for i, e := range given.pairs() {
		b.values[out[i].Name] = &out[i]
		b.wrong[out[i].Name] = e.key.bad || e.value.spoilt()
	}
	for _, name := range slices.Sorted(maps.Keys(l.Set)) {
		l.set(b.values, name)
	}
	b.fill(root)
	for _, e := range given.pairs() {
		if b.used[e.key.text] || b.lost {
			continue
		}
		if _, set := l.Set[e.key.text]; e.key.file == root.file {
			l.at(e.key, "variables: %s is not used; a value takes it as ${%s}", e.key.text, e.key.text)
		} else if set {
			l.at(nil, "variable %s: nothing in this scenario uses it", e.key.text)
		}
	}
	return slices.DeleteFunc(out, func(v Variable) bool { return !b.used[v.Name] })
}

func (n *node) pairs() []entry {
	if n == nil {
		return nil
	}
	return n.entries
}

func (l *reading) variable(e entry, f fileVariable) Variable {
	v := Variable{Name: e.key.text, Type: VariableType(f.Type), Title: f.Title, Default: f.Default, Value: f.Default}
	if v.Type == "" {
		v.Type = TextVariable
	}
	at := func(key string) *node {
		if n := e.value.get(key); n != nil {
			return n
		}
		return e.key
	}
	switch value := e.value.get("default"); {
	case !variableName.MatchString(v.Name):
		l.at(e.key, "variables: %s: want lower-case words joined by _ or -", quoted(v.Name))
	case !slices.Contains(VariableTypes(), v.Type):
		l.at(at("type"), "type: %s", noneOf(f.Type, VariableTypes()))
	case e.value.form == mapping && value == nil:
		l.at(e.key, "variables: %s has no default", v.Name)
	case value != nil && value.form == scalar:
		if err := v.Type.Check(v.Default); err != nil {
			l.at(at("default"), "%s: %v; the variable is of type %s", v.Name, err, v.Type)
		}
	}
	return v
}

// set gives a variable the value that was asked for.
func (l *reading) set(declared map[string]*Variable, name string) {
	v := declared[name]
	if v == nil {
		known := slices.Sorted(maps.Keys(declared))
		has := "the scenario has none"
		if len(known) > 0 {
			has = "the scenario has " + strings.Join(known, ", ")
		}
		l.at(nil, "no variable %s: %s%s", quoted(name), has, didYouMean(name, known))
		return
	}
	if err := v.Type.Check(l.Set[name]); err != nil {
		l.at(nil, "variable %s: %v", name, err)
		return
	}
	v.Value = l.Set[name]
}

// fill puts the variables into every value but those that name things.
func (b *bench) fill(root *node) {
	for _, e := range root.entries {
		switch e.key.text {
		case "name", "extends", "remove", "variables":
		case "checks":
			for _, c := range e.value.items {
				for _, e := range c.entries {
					if e.key.text != "id" && e.key.text != "kind" {
						b.fillIn(e.value)
					}
				}
			}
		default:
			b.fillIn(e.value)
		}
	}
}

func (b *bench) fillIn(n *node) {
	for _, item := range n.items {
		b.fillIn(item)
	}
	for _, e := range n.entries {
		b.fillIn(e.value)
	}
	if n.form != scalar || n.filled || !strings.Contains(n.text, "${") {
		return
	}
	n.filled = true
	n.text = b.expand(n)
}

// expand replaces each ${name}; $${ stands for the three characters "${" themselves.
func (b *bench) expand(n *node) string {
	var out strings.Builder
	for rest := n.text; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			return out.String() + rest
		}
		if i > 0 && rest[i-1] == '$' {
			out.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		name, after, closed := strings.Cut(rest[i+2:], "}")
		v := b.values[name]
		switch {
		case !closed:
			b.at(n, "%s: a variable is written ${name}, and } is missing; $${ stands for ${ itself", quoted(n.text))
			return n.text
		case b.wrong[name]:
			n.bad, b.used[name] = true, true
			return n.text
		case v == nil:
			b.lost = true
			known := slices.Sorted(maps.Keys(b.values))
			has := "; none is declared under variables"
			if len(known) > 0 {
				has = "; declared are " + strings.Join(known, ", ") + didYouMean(name, known)
			}
			b.at(n, "no variable %s%s", quoted(name), has)
			return n.text
		}
		b.used[name] = true
		out.WriteString(rest[:i] + v.Value)
		rest = after
	}
}
