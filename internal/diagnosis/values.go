package diagnosis

import "regexp"

// values are what a rule knows of this run, for the placeholders of the catalogue:
// "{forward|the port's forward}" stands for the value "forward", and for the words
// after the bar where a rule gives none.
type values map[string]string

var placeholder = regexp.MustCompile(`\{([a-z_]+)\|([^{}]*)\}`)

func (v values) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		if value := v[parts[1]]; value != "" {
			return value
		}
		return parts[2]
	})
}

func (v values) fillAll(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, v.fill(t))
	}
	return out
}
