package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	for _, key := range []string{"name", "title", "description", "source", "checks"} {
		if v := root.get(key); v != nil {
			out.WriteString(key + ":")
			v.write(&out, "  ")
		}
	}
	return []byte(out.String()), nil
}

// Written returns the YAML text of a scenario as it is written, which need not be right.
func (o Loader) Written(nameOrFile string) ([]byte, error) {
	_, data, err := o.read(nameOrFile)
	return data, err
}

// write writes a value after its key or dash, as YAML.
func (n *node) write(out *strings.Builder, indent string) {
	switch {
	case n.form == scalar:
		out.WriteString(" " + n.written(indent) + "\n")
	case n.form == mapping && len(n.entries) == 0:
		out.WriteString(" {}\n")
	case n.form == mapping:
		out.WriteString("\n")
		n.writeKeys(out, indent)
	case !slices.ContainsFunc(n.items, func(item *node) bool { return item.form != scalar || !simpleWord.MatchString(item.text) }):
		words := make([]string, len(n.items))
		for i, item := range n.items {
			words[i] = item.written(indent)
		}
		out.WriteString(" [" + strings.Join(words, ", ") + "]\n")
	default:
		out.WriteString("\n")
		for _, item := range n.items {
			out.WriteString(indent + "-")
			if item.form == mapping && len(item.entries) > 0 {
				var keys strings.Builder
				item.writeKeys(&keys, indent+"  ")
				out.WriteString(" " + strings.TrimPrefix(keys.String(), indent+"  "))
				continue
			}
			item.write(out, indent+"  ")
		}
	}
}

func (n *node) writeKeys(out *strings.Builder, indent string) {
	for _, e := range n.entries {
		out.WriteString(indent + e.key.text + ":")
		e.value.write(out, indent+"  ")
	}
}

// simpleWord is text that stands without quotes anywhere.
var simpleWord = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._,/-]*[A-Za-z0-9])?$`)

// written is a single value as YAML. What stood without quotes does so again, so that a
// number stays one.
func (n *node) written(indent string) string {
	text := strings.ReplaceAll(n.text, "${", "$${")
	words := strings.Fields(text)
	switch {
	case !n.quoted && !n.filled, n.filled && simpleWord.MatchString(text):
		return text
	case len(words) > 1 && text == strings.Join(words, " ")+"\n":
		return ">" + folded(words, indent)
	}
	return strconv.Quote(text)
}

// folded breaks words into the lines of a folded block.
func folded(words []string, indent string) string {
	const width = 90
	var out strings.Builder
	at := width
	for _, w := range words {
		if at+1+len(w) > width {
			out.WriteString("\n" + indent)
			at = len(indent)
		} else {
			out.WriteString(" ")
			at++
		}
		out.WriteString(w)
		at += len(w)
	}
	return out.String()
}
