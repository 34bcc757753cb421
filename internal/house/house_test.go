package house_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors are the five floors of the house, the ground floor first. A package imports
// packages of lower floors only.
var floors = [][]string{
	{"sipprobe", "sipprobe/sipdiff", "sipprobe/tlsprobe", "rtpprobe", "rtpprobe/natprobe", "scenarios", "internal/natlab", "internal/network", "internal/knock", "internal/service", "internal/resolve", "internal/testca", "internal/console", "internal/house", "internal/interop"},
	{"internal/evidence", "internal/network/networktest"},
	{"internal/pairing", "internal/call", "internal/idle", "internal/gateway", "internal/serverprobe", "internal/diagnosis", "internal/diagnosis/diagnosistest"},
	{"internal/responder", "internal/client", "internal/report"},
	{"internal/cli", "internal/lab"},
}

// doors are what the commands in cmd open onto.
var doors = []string{"internal/cli", "internal/lab", "internal/console"}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, pkg) })
}

func TestImportsRunDownwards(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, i := range s.imports() {
			to, ours := strings.CutPrefix(i, module+"/")
			if ours && !mayImport(s.pkg, to) {
				t.Errorf("%s: %s may not import %s", s.path, s.pkg, to)
			}
		}
	}
}

func mayImport(from, to string) bool {
	if strings.HasPrefix(from, "cmd/") {
		return slices.Contains(doors, to)
	}
	a, b := floorOf(from), floorOf(to)
	return a >= 0 && b >= 0 && b < a
}

func TestEveryPackageHasAFloor(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.pkg, "cmd/") && floorOf(s.pkg) < 0 {
			t.Errorf("%s: package %q stands on no floor", s.path, s.pkg)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	documented := make(map[string]bool)
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if _, seen := documented[s.pkg]; !seen || s.file.Doc != nil {
			documented[s.pkg] = s.file.Doc != nil
		}
		for _, d := range s.file.Decls {
			checkDecl(t, s, d)
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
}

func checkDecl(t *testing.T, s source, d ast.Decl) {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && receiverExported(d) && d.Doc == nil {
			t.Errorf("%s:%d: %s is not documented", s.path, s.line(d.Pos()), d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			checkSpec(t, s, d, spec)
		}
	}
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

func checkSpec(t *testing.T, s source, d *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
			t.Errorf("%s:%d: %s is not documented", s.path, s.line(spec.Pos()), spec.Name)
		}
	case *ast.ValueSpec:
		if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
			t.Errorf("%s:%d: %s is not documented", s.path, s.line(spec.Pos()), spec.Names[0])
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init", s.path, s.line(f.Pos()))
			}
		}
	}
}

// TestNoStraySleeps allows time.Sleep in a test only where a bubble of
// testing/synctest makes it take no time.
func TestNoStraySleeps(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test || slices.Contains(s.imports(), "testing/synctest") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Sleep" {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == "time" {
				t.Errorf("%s:%d: time.Sleep in a test", s.path, s.line(n.Pos()))
			}
			return true
		})
	}
}

// The lengths beyond which a file or a function is more than one thing.
const (
	maxFileLines     = 400
	maxFunctionLines = 70
)

func TestNothingIsTooLong(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.lines(); n > maxFileLines && !s.test {
			t.Errorf("%s has %d lines, more than %d", s.path, n, maxFileLines)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test {
				continue
			}
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, more than %d", s.path, f.Name, n, maxFunctionLines)
			}
		}
	}
}

// entries are what stands at the top of the repository.
var entries = []string{
	".ci", ".git", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md",
	"cmd", "docs", "go.mod", "go.sum", "internal", "rtpprobe", "scenarios", "sipprobe",
}

func TestTopLevel(t *testing.T) {
	found, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		if !slices.Contains(entries, e.Name()) {
			t.Errorf("%s does not belong at the top of the repository", e.Name())
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(read(t, "README.md"), "\n"); n > 120 {
		t.Errorf("README.md has %d lines, more than 120", n)
	}
}

var directDependency = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)

// TestDependenciesHaveReasons holds go.mod against CONTRIBUTING.md, both ways.
func TestDependenciesHaveReasons(t *testing.T) {
	contributing := read(t, "CONTRIBUTING.md")
	for _, m := range directDependency.FindAllStringSubmatch(read(t, "go.mod"), -1) {
		if !strings.Contains(contributing, "`"+m[1]+"`") {
			t.Errorf("CONTRIBUTING.md gives no reason for %s", m[1])
		}
	}
}

// TestMainsAreDoors keeps logic out of the commands.
func TestMainsAreDoors(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.pkg, "cmd/") || s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				continue
			}
			if f, ok := d.(*ast.FuncDecl); !ok || f.Name.Name != "main" || len(f.Body.List) > 1 {
				t.Errorf("%s:%d: a command is one call", s.path, s.line(d.Pos()))
			}
		}
	}
}
