package report

import (
	"encoding/json"
	"io"
)

// WriteJSON writes the report as one indented JSON object, which keeps to the JSON Schema
// (2020-12) of report.schema.json.
func WriteJSON(w io.Writer, r Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
