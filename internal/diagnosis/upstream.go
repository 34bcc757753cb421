package diagnosis

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed catalogue/upstream.yaml
var upstream []byte

// stages are where causes act, the most upstream first: what is wrong at an earlier one
// is mended first, and may be all that is wrong.
func stages() []string {
	return []string{"machine", "address", "forward", "filter", "nat", "pbx", "aside"}
}

// A place is where a cause stands among the others, as the data file has it.
type place struct {
	Code  string `yaml:"code"`
	Stage string `yaml:"stage"`
	// Setting marks what is set in the PBX or in the service itself.
	Setting  bool      `yaml:"setting"`
	Explains []explain `yaml:"explains"`
}

// An explain is one finding that a cause explains.
type explain struct {
	Code string `yaml:"code"`
	// Direction is how that of the explained finding stands to the cause's: "same",
	// which is the default, "opposite" or "any". A finding without one fits each.
	Direction string `yaml:"direction"`
	// If names one of the conditions; empty for none.
	If string `yaml:"if"`
	// Certain: what is proven is explained even where the cause is only likely.
	Certain bool `yaml:"certain"`
	// Why completes "…, since …"; it is there for each cause that can be folded.
	Why string `yaml:"why"`
}

// places is the data file as it was embedded, parsed once and never changed.
var places = sync.OnceValue(func() []place {
	var all []place
	if err := yaml.UnmarshalWithOptions(upstream, &all, yaml.Strict()); err != nil {
		panic("the embedded order of causes: " + err.Error())
	}
	return all
})

// placeOf is a cause's place; the zero place, behind all others, where the file has none.
func placeOf(code string) place {
	i := slices.IndexFunc(places(), func(p place) bool { return p.Code == code })
	if i < 0 {
		return place{Code: code}
	}
	return places()[i]
}

// rank is smaller for what is more upstream.
func (p place) rank() int {
	stage := slices.Index(stages(), p.Stage)
	if stage < 0 {
		stage = len(stages())
	}
	i := slices.IndexFunc(places(), func(other place) bool { return other.Code == p.Code })
	return stage*len(places()) + i
}

// explaining is what the cause says of another finding; false when it says nothing.
func (p place) explaining(code string) (explain, bool) {
	i := slices.IndexFunc(p.Explains, func(e explain) bool { return e.Code == code })
	if i < 0 {
		return explain{}, false
	}
	return p.Explains[i], true
}
