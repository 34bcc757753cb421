package scenarios

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// maxBases bounds how long a chain of extended scenarios is.
const maxBases = 8

// A reading reads one scenario and those that it extends.
type reading struct {
	Loader
	problems
	chain []string // what is being read, the outermost first
}

// resolve reads a scenario's text, and merges it into what it extends; nil when
// something was wrong that was noted. Origin is what the text was asked for by.
func (l *reading) resolve(origin, name string, data []byte) *node {
	root := parse(&l.problems, name, data)
	if root == nil {
		return nil
	}
	l.dropTwins(root)
	extends := root.get("extends")
	if extends == nil {
		if remove := root.entry("remove"); remove != nil {
			l.at(remove.key, "remove: there is nothing to remove from; it goes with extends")
		}
		return root
	}
	if extends.form != scalar || strings.TrimSpace(extends.text) == "" {
		l.at(extends, "extends: want the name of a scenario or the path of a file, such as trunk or ./ours.yaml, but here is %s", extends.describe())
		return nil
	}
	base := l.base(origin, extends)
	if base == nil {
		return nil
	}
	return l.merge(base, root)
}

// base reads what a scenario extends.
func (l *reading) base(origin string, extends *node) *node {
	l.chain = append(l.chain, identity(origin))
	defer func() { l.chain = l.chain[:len(l.chain)-1] }()
	of := extends.text
	if isPath(of) && !filepath.IsAbs(of) {
		of = filepath.Join(filepath.Dir(origin), of)
		if !isPath(of) {
			of = "." + string(filepath.Separator) + of
		}
	}
	switch {
	case slices.Contains(l.chain, identity(of)):
		l.at(extends, "extends: %s extends itself, over %s", quoted(extends.text), strings.Join(names(l.chain), ", "))
		return nil
	case len(l.chain) > maxBases:
		l.at(extends, "extends: more than %d scenarios that extend each other", maxBases)
		return nil
	}
	name, data, err := l.read(of)
	if err != nil {
		hint := ""
		if !isPath(of) {
			hint = nearOrAll(of, Names())
			err = fmt.Errorf("no scenario %s ships, and a file is given by its path, such as ./%s.yaml", quoted(of), of)
		}
		l.at(extends, "extends: %v%s", err, hint)
		return nil
	}
	return l.resolve(of, name, data)
}

// identity is the same for two ways to write the same file.
func identity(nameOrFile string) string {
	if !isPath(nameOrFile) {
		return nameOrFile
	}
	if abs, err := filepath.Abs(nameOrFile); err == nil {
		return abs
	}
	return nameOrFile
}

func names(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = filepath.Base(p)
	}
	return out
}

// dropTwins notes checks of one file that share an id, and keeps the first.
func (l *reading) dropTwins(root *node) {
	checks := root.get("checks")
	if checks == nil || checks.form != list {
		return
	}
	first := make(map[string]*node)
	checks.items = slices.DeleteFunc(checks.items, func(c *node) bool {
		id := c.get("id")
		if id == nil || id.form != scalar {
			return false
		}
		if first[id.text] != nil {
			l.at(id, "id: %s is there twice, first in line %d", quoted(id.text), first[id.text].line)
			return true
		}
		first[id.text] = id
		return false
	})
}

// merge changes a base by its difference: what the difference says stands, what it does
// not say stays.
func (l *reading) merge(base, own *node) *node {
	out := &node{file: own.file, line: own.line, column: own.column, form: mapping}
	for _, e := range base.entries {
		switch e.key.text {
		case "name", "extends", "remove":
			continue // of the base alone
		}
		out.entries = append(out.entries, e)
	}
	for _, e := range own.entries {
		have := out.entry(e.key.text)
		switch {
		case e.key.text == "checks" && have != nil && have.value.form == list && e.value.form == list:
		case e.key.text == "variables" && have != nil:
			shortVariables(have.value)
			shortVariables(e.value)
			fallthrough
		case have != nil && e.key.text != "source":
			*have = entry{e.key, overlay(have.value, e.value)}
		case have != nil:
			*have = e
		default:
			out.entries = append(out.entries, e)
		}
	}
	if checks := out.entry("checks"); checks != nil && checks.value.form == list {
		checks.value = l.mergeChecks(checks.value, own)
	}
	return out
}

// overlay lays one value over another: mappings key by key, all else whole. A key
// without a value takes the base's away.
func overlay(base, own *node) *node {
	if base.form != mapping || own.form != mapping {
		return own
	}
	out := &node{file: own.file, line: own.line, column: own.column, form: mapping, entries: slices.Clone(base.entries)}
	for _, e := range own.entries {
		i := slices.IndexFunc(out.entries, func(have entry) bool { return have.key.text == e.key.text })
		switch {
		case i < 0:
			out.entries = append(out.entries, e)
		case e.value.form == nothing:
			out.entries = slices.Delete(out.entries, i, i+1)
		default:
			out.entries[i] = entry{e.key, overlay(out.entries[i].value, e.value)}
		}
	}
	return out
}

// mergeChecks changes, adds and removes checks by their ids.
func (l *reading) mergeChecks(base, own *node) *node {
	out := *base
	out.items = l.without(base, own.get("remove"))
	changes := own.get("checks")
	if changes == nil || changes.form != list {
		return &out
	}
	for _, c := range changes.items {
		i := slices.IndexFunc(out.items, func(have *node) bool { return idOf(have) != "" && idOf(have) == idOf(c) })
		switch {
		case i < 0:
			out.items = append(out.items, c)
		case otherKind(out.items[i], c):
			out.items[i] = c
		default:
			out.items[i] = overlay(out.items[i], c)
		}
	}
	return &out
}

// without is a list of checks without those that are to be removed.
func (l *reading) without(checks, remove *node) []*node {
	left := slices.Clone(checks.items)
	if remove == nil || remove.form != list {
		return left
	}
	for _, id := range remove.items {
		i := slices.IndexFunc(left, func(c *node) bool { return idOf(c) == id.text })
		if i < 0 || id.form != scalar {
			var ids []string
			for _, c := range checks.items {
				ids = append(ids, idOf(c))
			}
			l.at(id, "remove: the extended scenario has no check with the id %s%s", id.describe(), didYouMean(id.text, ids))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	return left
}

func idOf(check *node) string {
	if id := check.get("id"); id != nil && id.form == scalar {
		return id.text
	}
	return ""
}

// otherKind reports whether a change makes a check one of another kind, of which none
// of the base's keys may be left.
func otherKind(base, change *node) bool {
	a, b := base.get("kind"), change.get("kind")
	return a != nil && b != nil && a.text != b.text
}
