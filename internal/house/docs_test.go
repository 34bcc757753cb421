package house_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/lab"
	"bothways/scenarios"
)

// A page is a text for people.
type page struct{ path, text string }

// pages are those of the repository, and the manuals in the comments of the commands.
func pages(t *testing.T) []page {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	docs, err := os.ReadDir(filepath.Join(root(t), "docs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		paths = append(paths, "docs/"+d.Name())
	}
	var out []page
	for _, p := range paths {
		out = append(out, page{p, strings.ReplaceAll(read(t, p), "\r\n", "\n")})
	}
	for _, s := range sources(t) {
		if strings.HasPrefix(s.pkg, "cmd/") && s.file.Doc != nil {
			out = append(out, page{s.path, s.file.Doc.Text()})
		}
	}
	return out
}

var (
	link     = regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)
	ourPath  = regexp.MustCompile("[` ]((?:\\./)?(?:cmd|docs|internal|rtpprobe|scenarios|sipprobe)/[\\w./-]*)")
	goTest   = regexp.MustCompile(`\b(?:Test|Benchmark)[A-Z]\w*`)
	bench    = regexp.MustCompile(`-bench '?([A-Z][\w|]*)`)
	longFlag = regexp.MustCompile("(?m)(?:^|[ (`])--([a-z][a-z-]+)")
	command  = regexp.MustCompile("(?m)(?:^ {4,}(?:[$✗] )?|^\\t|`)(bothways(?:-lab)?) ([a-z]+)")
	scenario = regexp.MustCompile(`(?:--scenario |extends: |scenarios show )([a-z][a-z0-9-]*)`)
	fault    = regexp.MustCompile(`bothways-lab run ([a-z][a-z0-9-]*)`)
	codeWord = regexp.MustCompile("`([a-z]+(?:-[a-z0-9]+)+)`")
)

// each calls f with the page and every first group of a pattern in it.
func each(t *testing.T, pattern *regexp.Regexp, f func(p page, word string)) {
	t.Helper()
	n := 0
	for _, p := range pages(t) {
		for _, m := range pattern.FindAllStringSubmatch(p.text, -1) {
			f(p, m[len(m)-1])
			n++
		}
	}
	if n == 0 {
		t.Errorf("no page has %s", pattern)
	}
}

func TestDocumentedFilesExist(t *testing.T) {
	exists := func(p page, path string) {
		if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(path))); err != nil {
			t.Errorf("%s names %s, which is not there", p.path, path)
		}
	}
	each(t, link, func(p page, to string) { exists(p, filepath.Join(filepath.Dir(p.path), to)) })
	each(t, ourPath, func(p page, path string) { exists(p, strings.TrimRight(path, "./")) })
}

func TestDocumentedTestsExist(t *testing.T) {
	var names []string
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test {
				names = append(names, f.Name.Name)
			}
		}
	}
	each(t, goTest, func(p page, name string) {
		if !slices.Contains(names, name) {
			t.Errorf("%s names %s, which is not there", p.path, name)
		}
	})
	each(t, bench, func(p page, pattern string) {
		for part := range strings.SplitSeq(pattern, "|") {
			if !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "Benchmark") && strings.Contains(n, part) }) {
				t.Errorf("%s runs benchmarks %s, and there is none", p.path, part)
			}
		}
	})
}

// foreign are flags of other programs that the pages name.
var foreign = []string{"min-rate", "max-retries", "network", "help", "version"}

func TestDocumentedFlagsExist(t *testing.T) {
	flags, _ := grammar(t)
	each(t, longFlag, func(p page, name string) {
		if !slices.Contains(flags, name) && !slices.Contains(foreign, name) {
			t.Errorf("%s names the flag --%s, which no program has", p.path, name)
		}
	})
}

func TestDocumentedCommandsExist(t *testing.T) {
	_, commands := grammar(t)
	commands = append(commands, "help", "version") // which every program understands
	each(t, command, func(p page, name string) {
		if !slices.Contains(commands, name) {
			t.Errorf("%s names the command %s, which no program has", p.path, name)
		}
	})
}

// grammar reads the flags and the commands of all programs from the tags of their fields,
// as kong does.
func grammar(t *testing.T) (flags, commands []string) {
	t.Helper()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			f, ok := n.(*ast.Field)
			if !ok || f.Tag == nil || len(f.Names) == 0 {
				return true
			}
			text, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			tag := reflect.StructTag(text)
			name := tag.Get("name")
			if name == "" {
				name = strings.ToLower(camel.ReplaceAllString(f.Names[0].Name, "$1-$2"))
			}
			_, isCommand := tag.Lookup("cmd")
			_, isArgument := tag.Lookup("arg")
			switch {
			case isCommand:
				commands = append(commands, name)
			case tag.Get("help") != "" && !isArgument:
				flags = append(flags, name)
			}
			return true
		})
	}
	return flags, commands
}

var camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func TestDocumentedScenariosAndFaultsExist(t *testing.T) {
	ship := shipped(t)
	each(t, scenario, func(p page, name string) {
		if !slices.Contains(ship, name) {
			t.Errorf("%s names the scenario %s, which does not ship", p.path, name)
		}
	})
	each(t, fault, func(p page, name string) {
		if _, err := lab.Find(name); err != nil {
			t.Errorf("%s: %v", p.path, err)
		}
	})
}

func shipped(t *testing.T) []string {
	t.Helper()
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, sc := range all {
		out = append(out, sc.Name)
	}
	return out
}

// TestDocumentedCodesExist holds every word with a hyphen in backticks: it is a finding, a
// scenario, a program or a word of the language of scenarios.
func TestDocumentedCodesExist(t *testing.T) {
	known := append(shipped(t), "bothways-responder", "bothways-lab", "connect-1", "connect-5")
	for _, e := range diagnosis.Catalogue() {
		known = append(known, e.Code)
	}
	language := string(scenarios.Schema())
	each(t, codeWord, func(p page, word string) {
		if !slices.Contains(known, word) && !strings.Contains(language, `"`+word+`"`) {
			t.Errorf("%s names %s, which is no finding and no scenario", p.path, word)
		}
	})
}
