package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A node is a piece of a scenario's YAML that knows where it stands, also after it was
// merged into another file's.
type node struct {
	file         string
	line, column int
	form         form
	// text is that of a scalar; quoted is true for one in quotes or a block, which is
	// text and nothing else.
	text    string
	quoted  bool
	filled  bool    // variables were put in
	bad     bool    // something was said of it already
	entries []entry // of a mapping
	items   []*node // of a list
}

// An entry is one key of a mapping with its value.
type entry struct{ key, value *node }

// A form is what a node is.
type form int

const (
	nothing form = iota // null: a key without a value
	scalar
	mapping
	list
)

// String names the form for people.
func (f form) String() string {
	return [...]string{"nothing", "a single value", "keys with values", "a list"}[f]
}

// get is the value of a key, nil when there is none.
func (n *node) get(key string) *node {
	if e := n.entry(key); e != nil {
		return e.value
	}
	return nil
}

func (n *node) entry(key string) *entry {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key.text == key {
			return &n.entries[i]
		}
	}
	return nil
}

// Bounds of what is read.
const (
	// maxFileBytes bounds a scenario file.
	maxFileBytes = 1 << 20
	// maxNodes bounds what aliases can make of it, maxDepth how deep it is nested.
	maxNodes = 100_000
	maxDepth = 40
)

// parse reads YAML. What it is not able to read is noted, and nil returned.
func parse(p *problems, name string, data []byte) (root *node) {
	c := converter{problems: p, file: name, anchors: make(map[string]ast.Node)}
	here := &node{file: name}
	defer func() { // some tags on odd nodes make the YAML reader panic
		if r := recover(); r != nil {
			p.at(here, "this cannot be read as YAML: %v", r)
			root = nil
		}
	}()
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // the mark that Windows editors begin UTF-8 with
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		p.at(here, "this is UTF-16, as PowerShell's > writes it; save the file as UTF-8")
		return nil
	case !utf8.Valid(data):
		p.at(here, "this is not UTF-8 text; save the file as UTF-8")
		return nil
	}
	if line := tooDeep(data); line > 0 {
		p.at(&node{file: name, line: line, column: 1}, "nested deeper than %d levels", maxDepth)
		return nil
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		c.syntax(err, data)
		return nil
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType && d.Body.Type() != ast.DirectiveType {
			bodies = append(bodies, d.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		p.at(here, "the file is empty; a scenario has at least name and checks")
		return nil
	case len(bodies) > 1:
		p.at(c.here(bodies[1]), "a second document begins here; a file holds one scenario")
		return nil
	}
	before := len(p.all)
	root = c.convert(bodies[0], 0)
	if len(p.all) > before {
		return nil
	}
	if root.form != mapping {
		p.at(root, "want keys with values, such as name: my-trunk, but here is %v", root.form)
		return nil
	}
	return root
}

// tooDeep finds the line at which brackets or dashes are nested too deep for the YAML
// reader, whose time grows with the square of the depth; 0 when there is none.
func tooDeep(data []byte) int {
	open := 0
	for i, line := range strings.Split(string(data), "\n") {
		dashes := 0
		for rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "? "); rest = strings.TrimLeft(rest[2:], " ") {
			dashes++
		}
		indent := len(line) - len(strings.TrimLeft(line, " -?"))
		open = max(0, open+strings.Count(line, "[")+strings.Count(line, "{")-strings.Count(line, "]")-strings.Count(line, "}"))
		if dashes > maxDepth || open > maxDepth || indent > 8*maxDepth {
			return i + 1
		}
	}
	return 0
}

// A converter makes nodes of what the YAML reader has read.
type converter struct {
	*problems
	file    string
	anchors map[string]ast.Node
	open    []string // aliases that are being followed
	nodes   int
}

// syntax notes what the YAML reader did not understand.
func (c *converter) syntax(err error, data []byte) {
	at := &node{file: c.file}
	message := err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		message = y.GetMessage()
		at.place(y.GetToken())
	}
	for words, plain := range plainWords() {
		if strings.Contains(message, words) {
			message = plain
		}
	}
	if lines := strings.Split(string(data), "\n"); at.line > 0 && at.line <= len(lines) {
		l := lines[at.line-1]
		if strings.Contains(strings.ReplaceAll(l, `"${`, ""), "${") && strings.ContainsAny(strings.ReplaceAll(l, "${", ""), "[{") {
			message += `; between brackets a variable stands in quotes: "${name}"`
		}
	}
	c.at(at, "this is not YAML: %s", message)
}

// plainWords are what the YAML reader's words mean to a person.
func plainWords() map[string]string {
	return map[string]string{
		"mapping value is not allowed": `here is a key where none can be; is the line indented like its neighbours, and is text with ": " in it in quotes?`,
		"found character '\t'":         "here is a tab; lines are indented by blanks",
		"sequence end token ']'":       "[ is not closed by ]",
		"could not find flow map":      "{ is not closed by }",
	}
}

// spoilt reports whether something was said of the node or of what is in it.
func (n *node) spoilt() bool {
	if n == nil || n.bad {
		return n != nil
	}
	return slices.ContainsFunc(n.items, (*node).spoilt) ||
		slices.ContainsFunc(n.entries, func(e entry) bool { return e.key.bad || e.value.spoilt() })
}

func (n *node) place(t *token.Token) {
	if t != nil && t.Position != nil {
		n.line, n.column = max(t.Position.Line, 1), max(t.Position.Column, 1)
	}
}

// here is an empty node at the place of another.
func (c *converter) here(n ast.Node) *node {
	out := &node{file: c.file, line: 1, column: 1}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		n = v.Key
	}
	if n != nil {
		out.place(n.GetToken())
	}
	return out
}

func (c *converter) convert(n ast.Node, depth int) *node {
	out := c.here(n)
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		if c.nodes == maxNodes+1 || depth == maxDepth+1 {
			c.at(out, "too large: more than %d values, or nested deeper than %d levels", maxNodes, maxDepth)
		}
		return out
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		c.mapping(out, n.Values, depth)
	case *ast.MappingValueNode:
		c.mapping(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out.form = list
		for _, v := range n.Values {
			out.items = append(out.items, c.convert(v, depth+1))
		}
	case *ast.LiteralNode:
		out.form, out.text, out.quoted = scalar, n.Value.Value, true
	case *ast.StringNode:
		out.form, out.text = scalar, n.Value
		out.quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
	case *ast.AnchorNode:
		if name := n.Name.GetToken().Value; c.anchors[name] == nil {
			c.anchors[name] = n.Value
		}
		return c.convert(n.Value, depth+1)
	case *ast.AliasNode:
		return c.follow(out, n.Value.GetToken().Value, depth)
	case *ast.TagNode:
		c.at(out, "%s: tags are not used in scenarios; leave it out", quoted(n.Start.Value))
	case ast.ScalarNode:
		out.form, out.text = scalar, n.GetToken().Value
	default:
		c.at(out, "%v is not used in scenarios", n.Type())
	}
	return out
}

// follow puts in the place of an alias what its anchor is at.
func (c *converter) follow(out *node, name string, depth int) *node {
	target, ok := c.anchors[name]
	if !ok {
		c.at(out, "*%s: no &%s stands before it", name, name)
		return out
	}
	for _, open := range c.open {
		if open == name {
			c.at(out, "*%s contains itself", name)
			return out
		}
	}
	c.open = append(c.open, name)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	return c.convert(target, depth+1)
}

func (c *converter) mapping(out *node, values []*ast.MappingValueNode, depth int) {
	out.form = mapping
	for _, v := range values {
		key := c.here(v.Key)
		if v.Key.IsMergeKey() {
			c.at(key, "<<: merge keys are not used in scenarios; a variant is made with extends")
			continue
		}
		k := c.convert(v.Key, depth+1)
		if k.form != scalar {
			c.at(key, "a key is a single word")
			continue
		}
		if first := out.entry(k.text); first != nil {
			c.at(k, "%s is there twice, first in line %d", k.text, first.key.line)
			continue
		}
		out.entries = append(out.entries, entry{k, c.convert(v.Value, depth+1)})
	}
}

// describe says what a node is, for people.
func (n *node) describe() string {
	if n.form == scalar {
		return quoted(n.text)
	}
	return fmt.Sprint(n.form)
}
