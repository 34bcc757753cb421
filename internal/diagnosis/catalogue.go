package diagnosis

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"

	"bothways/scenarios"
)

//go:embed catalogue/en.yaml
var english []byte

// An Entry is one row of the catalogue: what a finding means.
type Entry struct {
	Code  string
	Role  Role
	Title string
	// Means says what is wrong, for somebody who meets the code for the first time.
	Means string
	// Proof says what a run must have recorded before it names this code.
	Proof string
	// Remedy holds the steps to take, in order.
	Remedy []string
	// Decided is false when no rule of this version can name the code.
	Decided bool
}

// entryFile is the form of an entry in the data file. Its title and remedy may hold
// placeholders, see [values].
type entryFile struct {
	Code   string   `yaml:"code"`
	Role   Role     `yaml:"role"`
	Title  string   `yaml:"title"`
	Means  string   `yaml:"means"`
	Proof  string   `yaml:"proof"`
	Remedy []string `yaml:"remedy"`
}

// loaded is the catalogue as it was embedded, parsed once and never changed.
var loaded = sync.OnceValue(func() []entryFile {
	var entries []entryFile
	if err := yaml.UnmarshalWithOptions(english, &entries, yaml.Strict()); err != nil {
		panic("the embedded catalogue: " + err.Error())
	}
	return entries
})

// Catalogue returns every entry, symptoms first, in the order of the data file.
func Catalogue() []Entry {
	out := make([]Entry, 0, len(loaded()))
	for _, e := range loaded() {
		out = append(out, e.entry())
	}
	return out
}

// Lookup returns the entry of a code; false when there is none.
func Lookup(code string) (Entry, bool) {
	e, ok := find(code)
	if !ok {
		return Entry{}, false
	}
	return e.entry(), true
}

// Nearest returns the code of the catalogue that is spelt most like the one given;
// empty when none comes near.
func Nearest(code string) string {
	var codes []string
	for _, e := range loaded() {
		codes = append(codes, e.Code)
	}
	return scenarios.Nearest(code, codes)
}

func find(code string) (entryFile, bool) {
	i := slices.IndexFunc(loaded(), func(e entryFile) bool { return e.Code == code })
	if i < 0 {
		return entryFile{}, false
	}
	return loaded()[i], true
}

func (e entryFile) entry() Entry {
	decided := slices.ContainsFunc(rules(), func(r Rule) bool { return r.Code == e.Code })
	return Entry{
		Code: e.Code, Role: e.Role, Title: values(nil).fill(e.Title), Means: e.Means, Proof: e.Proof,
		Remedy: values(nil).fillAll(e.Remedy), Decided: decided,
	}
}
