package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Text returns the YAML that a scenario comes to, with what it extends and with its
// variables put in; it can be loaded again. One that has neither is as it was written,
// comments included.
func (o Loader) Text(nameOrFile string) ([]byte, error) {
	name, data, err := o.read(nameOrFile)
	if err != nil {
		return nil, err
	}
	s, root, err := o.load(nameOrFile, name, data)
	if err != nil {
		return nil, err
	}
	if s.Extends == "" && len(s.Variables) == 0 {
		return data, nil
	}
	var out strings.Builder
	if s.Extends != "" {
		fmt.Fprintf(&out, "# extends %s\n", s.Extends)
	}
	for _, v := range s.Variables {
		fmt.Fprintf(&out, "# %s = %s (%s", v.Name, v.Value, v.Type)
		if v.Value != v.Default {
			fmt.Fprintf(&out, ", by default %s", v.Default)
		}
		if v.Title != "" {
			fmt.Fprintf(&out, "; %s", strings.Join(strings.Fields(v.Title), " "))
		}
		out.WriteString(")\n")
	}
	text, err := yaml.MarshalWithOptions(root.resolved(), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, err
	}
	out.Write(text)
	return []byte(out.String()), nil
}

// resolvedOrder is that of the keys of a whole scenario; what was merged has another.
func resolvedOrder() []string { return []string{"name", "title", "description", "source", "checks"} }

// resolved is a scenario as the YAML writer takes it.
func (n *node) resolved() yaml.MapSlice {
	var out yaml.MapSlice
	for _, key := range resolvedOrder() {
		if v := n.get(key); v != nil {
			out = append(out, yaml.MapItem{Key: key, Value: v.plain()})
		}
	}
	return out
}

// plain is a value as the YAML writer takes it: what is a number stays one, and text
// that only looks like one is quoted.
func (n *node) plain() any {
	switch n.form {
	case mapping:
		out := yaml.MapSlice{}
		for _, e := range n.entries {
			out = append(out, yaml.MapItem{Key: e.key.text, Value: e.value.plain()})
		}
		return out
	case list:
		out := []any{}
		for _, item := range n.items {
			out = append(out, item.plain())
		}
		return out
	case nothing:
		return nil
	}
	if n.quoted && !n.filled {
		return n.text
	}
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil && strconv.FormatInt(i, 10) == n.text {
		return i
	}
	if f, err := strconv.ParseFloat(n.text, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == n.text {
		return f
	}
	if n.text == "true" || n.text == "false" {
		return n.text == "true"
	}
	return n.text
}
