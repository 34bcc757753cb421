package diagnosis

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"bothways/scenarios"
)

//go:embed catalogue/routers/*.yaml
var routerFiles embed.FS

// A Router is what is known of a vendor's routers, or of one family of them.
type Router struct {
	// Name is what --router takes.
	Name string `yaml:"name"`
	// Title is the name for people.
	Title string `yaml:"title"`
	// Aliases are further names that --router takes.
	Aliases []string `yaml:"aliases"`
	// Covers says for which firmware the remedies hold.
	Covers string `yaml:"covers"`
	// Remedies are in the order of the data file; no two are for the same code.
	Remedies []RouterRemedy `yaml:"remedies"`
}

// A RouterRemedy is how some findings are mended on one router.
type RouterRemedy struct {
	Title string `yaml:"title"`
	// Codes are the findings that it mends.
	Codes []string `yaml:"for"`
	// NoSwitch is true where the router has none for it; the steps say what to do instead.
	NoSwitch bool `yaml:"no_switch"`
	// Steps are what to do, in order.
	Steps []string `yaml:"steps"`
	// Commands are the lines to type for it, in order; empty where there are only menus.
	// Words in capitals, as PBX and WAN, stand for what the steps say.
	Commands []string `yaml:"commands"`
	// Check says how to see that it took effect.
	Check string `yaml:"check"`
	// Source says where this is from.
	Source string `yaml:"source"`
}

// routers are the routers as they were embedded, parsed once and never changed.
var routers = sync.OnceValue(func() []Router {
	all, err := readRouters()
	if err != nil {
		panic("the embedded routers: " + err.Error())
	}
	return all
})

// readRouters parses the data files.
func readRouters() ([]Router, error) {
	const dir = "catalogue/routers"
	entries, err := routerFiles.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Router
	for _, e := range entries {
		data, err := routerFiles.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		var r Router
		if err := yaml.UnmarshalWithOptions(data, &r, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Router) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Routers returns every router that is known, by name, with the placeholders of its
// steps and commands filled in general words.
func Routers() []Router {
	out := make([]Router, 0, len(routers()))
	for _, r := range routers() {
		r.Remedies = slices.Clone(r.Remedies)
		for i := range r.Remedies {
			r.Remedies[i].Steps = values(nil).fillAll(r.Remedies[i].Steps)
			r.Remedies[i].Commands = values(nil).fillAll(r.Remedies[i].Commands)
		}
		out = append(out, r)
	}
	return out
}

// FindRouter returns the router that has a name or an alias; case, blanks and
// punctuation do not matter. The error names the one that is spelt most like it.
func FindRouter(name string) (Router, error) {
	all := Routers()
	if i := routerIndex(all, name); i >= 0 {
		return all[i], nil
	}
	if near := nearestRouter(all, name); near != "" {
		return Router{}, fmt.Errorf("no router %q; did you mean %s?", name, near)
	}
	return Router{}, fmt.Errorf("no router %q", name)
}

func routerIndex(all []Router, name string) int {
	return slices.IndexFunc(all, func(r Router) bool {
		return name != "" && slices.ContainsFunc(r.names(), func(n string) bool { return plain(n) == plain(name) })
	})
}

func nearestRouter(all []Router, name string) string {
	var names []string
	for _, r := range all {
		for _, n := range r.names() {
			names = append(names, plain(n))
		}
	}
	if i := routerIndex(all, scenarios.Nearest(plain(name), names)); i >= 0 {
		return all[i].Name
	}
	return ""
}

func (r Router) names() []string { return append([]string{r.Name}, r.Aliases...) }

// plain is a name in lower case with letters and digits only.
func plain(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(name))
}

// RoutersFor names the routers that have a remedy for a code.
func RoutersFor(code string) []string {
	var names []string
	for _, r := range routers() {
		if r.remedy(code) != nil {
			names = append(names, r.Name)
		}
	}
	return names
}

// remedy is the remedy for a code, nil when there is none.
func (r Router) remedy(code string) *RouterRemedy {
	i := slices.IndexFunc(r.Remedies, func(m RouterRemedy) bool { return slices.Contains(m.Codes, code) })
	if i < 0 {
		return nil
	}
	return &r.Remedies[i]
}

// A VendorRemedy is a remedy as a finding carries it: on the router that the run named,
// with what is known of this run.
type VendorRemedy struct {
	// Router is the router's name, Title its name for people.
	Router, Title string
	Steps         []string
	Commands      []string
	// Check says how to see that it took effect.
	Check string
}

// vendorRemedy is how a finding is mended on the router that was named for the run. Where
// none was named, it is nil, and there are the names of those that have a remedy.
func (v *view) vendorRemedy(f Finding) (remedy *VendorRemedy, others []string) {
	i := routerIndex(routers(), v.Run.Router)
	if i < 0 {
		return nil, RoutersFor(f.Code)
	}
	r := routers()[i]
	m := r.remedy(f.Code)
	if m == nil {
		return nil, nil
	}
	known := f.values.withForward()
	return &VendorRemedy{
		Router: r.Name, Title: r.Title, Steps: known.fillAll(m.Steps), Commands: known.fillAll(m.Commands), Check: m.Check,
	}, nil
}
