package scenarios

import _ "embed"

//go:embed scenario.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of scenario files, by which editors complete
// and check them. It refuses what is wrong with a file's words and types; what is wrong
// with its meaning the loader alone knows.
func Schema() []byte { return []byte(schema) }
