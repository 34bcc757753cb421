package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schema and the messages of broken files instead of comparing with them")

// object is a JSON object.
type object = map[string]any

// structName is by which name keys know a struct: fileCheck is "check", file "scenario".
func structName(t reflect.Type) string {
	if name := strings.ToLower(strings.TrimPrefix(t.Name(), "file")); name != "" {
		return name
	}
	return "scenario"
}

// makeSchema makes the schema of the structs that the loader decodes, and of keys.
func makeSchema() []byte {
	defs := make(object)
	root := structSchema(reflect.TypeFor[file](), defs)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A scenario of bothways"
	root["required"] = []string{"name"}
	root["if"] = object{"required": []string{"extends"}}
	root["else"] = object{
		"required": []string{"checks"},
		"properties": object{
			"remove": false,
			"checks": object{"minItems": 1, "items": object{"required": []string{"kind"}, "anyOf": []object{{"required": []string{"direction"}}, {"required": []string{"from"}}}}},
		},
	}
	check := defs["check"].(object)
	check["required"], check["allOf"] = []string{"id"}, kindSchemas()
	defs["source"].(object)["required"] = []string{"title"}
	root["$defs"] = defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(out, '\n')
}

// kindSchemas refuse the keys of other kinds.
func kindSchemas() (out []object) {
	for _, kind := range Kinds() {
		foreign := make(object)
		for name, k := range keys() {
			if key, ok := strings.CutPrefix(name, "check."); ok && len(k.kinds) > 0 && !slices.Contains(k.kinds, kind) {
				foreign[key] = false
			}
		}
		out = append(out, object{
			"if":   object{"properties": object{"kind": object{"const": kind}}, "required": []string{"kind"}},
			"then": object{"properties": foreign},
		})
	}
	return out
}

func structSchema(t reflect.Type, defs object) object {
	properties := make(object)
	for _, f := range fieldsOf(t) {
		k := keys()[structName(t)+"."+f.key]
		s := valueSchema(f.typ, k, defs)
		s["description"] = k.about
		if structName(t) == "check" && f.key != "id" && f.key != "kind" { // null takes the extended one's away
			s = object{"anyOf": []object{s, {"type": "null"}}, "description": k.about}
		}
		properties[f.key] = s
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

func valueSchema(t reflect.Type, k key, defs object) object {
	variable := object{"type": "string", "pattern": `\$\{[^}]+\}`}
	or := func(list ...object) object {
		if !k.fixed {
			list = append(list, variable)
		}
		if len(list) == 1 {
			return list[0]
		}
		return object{"anyOf": list}
	}
	number := func(typ string) object {
		s := object{"type": typ}
		if k.min != 0 || k.max != 0 {
			s["minimum"], s["maximum"] = k.min, k.max
		}
		return or(s)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return valueSchema(t.Elem(), k, defs)
	case reflect.Struct:
		name := structName(t)
		if defs[name] == nil {
			defs[name] = object{} // for structs that hold themselves
			defs[name] = structSchema(t, defs)
		}
		return object{"$ref": "#/$defs/" + name}
	case reflect.Map:
		item := valueSchema(t.Elem(), k, defs)
		return object{"type": "object", "additionalProperties": object{"anyOf": []object{item, {"type": []string{"string", "number", "boolean"}}}}}
	case reflect.Slice:
		return object{"type": "array", "items": valueSchema(t.Elem(), k, defs)}
	case reflect.Bool:
		return or(object{"type": "boolean"})
	case reflect.Int:
		return number("integer")
	case reflect.Float64:
		return number("number")
	}
	return or(textSchemas(k)...)
}

// textSchemas are those of a text, which may look like a number in YAML.
func textSchemas(k key) []object {
	switch {
	case k.words != nil:
		words := []any{}
		for _, w := range k.words {
			words = append(words, w)
			if f, err := strconv.ParseFloat(w, 64); err == nil {
				words = append(words, f)
			}
		}
		return []object{{"enum": words}}
	case k.like == likeID || k.like == likePort || k.like == likePorts:
		return []object{{"type": "string", "pattern": k.like}, {"type": "integer", "minimum": 1, "maximum": 65535}}
	case k.like != "":
		return []object{{"type": "string", "pattern": k.like}}
	}
	return []object{{"type": []string{"string", "number", "boolean"}}}
}

// TestSchemaIsThatOfTheLoader fails when a key was added and the schema not written
// again: go test ./scenarios -update
func TestSchemaIsThatOfTheLoader(t *testing.T) {
	want := makeSchema()
	if *update {
		if err := os.WriteFile("scenario.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), strings.ReplaceAll(string(Schema()), "\r\n", "\n")); diff != "" {
		t.Error(diff)
	}
}

// languageStructs are the structs of the language, by the name that keys have for them.
func languageStructs() map[string]reflect.Type {
	out := make(map[string]reflect.Type)
	var visit func(reflect.Type)
	visit = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(t.Elem())
		case reflect.Struct:
			if out[structName(t)] == nil {
				out[structName(t)] = t
				for _, f := range fieldsOf(t) {
					visit(f.typ)
				}
			}
		}
	}
	visit(reflect.TypeFor[file]())
	return out
}

// TestEachKeyIsKnown holds the structs against keys, both ways.
func TestEachKeyIsKnown(t *testing.T) {
	left := maps.Clone(keys())
	for name, typ := range languageStructs() {
		for _, f := range fieldsOf(typ) {
			k, ok := left[name+"."+f.key]
			switch {
			case !ok:
				t.Errorf("the loader reads %s.%s, and keys() has no entry for it", name, f.key)
			case k.about == "":
				t.Errorf("%s.%s says nothing to editors", name, f.key)
			}
			delete(left, name+"."+f.key)
		}
	}
	for name := range left {
		t.Errorf("keys() has %s, and the loader does not read it", name)
	}
}

// sample is a check of a kind with one more key.
func sample(kind Kind, line string) string {
	direction := "inbound"
	if kind == BindingKind {
		direction = "outbound"
	}
	var more string
	if kind == PortKind {
		more = "    transports: [tcp]\n    port: 443\n"
	}
	text := fmt.Sprintf("name: x\nchecks:\n  - id: a\n    kind: %s\n    direction: %s\n%s", kind, direction, more)
	key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
	var out []string
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimLeft(l, " -"), key+":") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "") + "    " + line + "\n"
}

// TestWordsAreThoseOfTheLoader holds the words that editors offer against those that the
// loader names when it meets another.
func TestWordsAreThoseOfTheLoader(t *testing.T) {
	for name, k := range keys() {
		if k.words == nil {
			continue
		}
		of, key, _ := strings.Cut(name, ".")
		kind := Options
		if len(k.kinds) > 0 {
			kind = k.kinds[0]
		}
		text := sample(kind, key+": zzzzzz")
		switch {
		case key == "transports":
			text = sample(kind, key+": [zzzzzz]")
		case of == "behaviour":
			text = sample(CallKind, "responder: {"+key+": zzzzzz}")
		case of == "session":
			text = sample(CallKind, "session_timer: {expires: 90s, "+key+": zzzzzz}")
		case of == "move":
			m := strings.Replace("{at: 2s, by: client, do: hold}", key+": "+map[string]string{"by": "client", "do": "hold"}[key], key+": zzzzzz", 1)
			if key == "how" || key == "media" || key == "offer" {
				m = "{at: 2s, by: client, do: " + map[string]string{"how": "hold", "media": "reinvite", "offer": "reinvite"}[key] + ", " + key + ": zzzzzz}"
			}
			text = sample(CallKind, "moves: ["+m+"]")
		case of == "variable":
			text = "variables: {a: {default: x, type: zzzzzz}}\n" + sample(Options, "purpose: ${a}")
		case key == "from":
			text = strings.Replace(sample(kind, key+": zzzzzz"), "    direction: inbound\n", "", 1)
		}
		_, err := Load("x.yaml", strings.NewReader(text))
		if want := strings.Join(k.words, ", "); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the loader says %v, keys say %s\n%s", name, err, want, text)
		}
	}
}

// TestBoundsAreThoseOfTheLoader tries numbers at and beyond the bounds that editors know.
func TestBoundsAreThoseOfTheLoader(t *testing.T) {
	for name, k := range keys() {
		of, key, _ := strings.Cut(name, ".")
		if k.max == 0 || key == "sizes" {
			continue
		}
		for n, good := range map[float64]bool{k.min: true, k.max: true, k.min - 1: false, k.max + 1: false} {
			text := fmt.Sprintf("%s: %d", key, int(n))
			if of == "behaviour" {
				text = "responder: {latch: strict, " + text + "}"
			}
			if of == "setup" {
				text = "setup: {" + text + "}"
			}
			_, err := Load("x.yaml", strings.NewReader(sample(append(k.kinds, CallKind)[0], text)))
			if n == k.max && n != float64(int(n)) {
				continue
			}
			if (err == nil) != good {
				t.Errorf("%s: %v: %v", key, n, err)
			}
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits says what the schema has against some YAML.
func fits(s *jsonschema.Schema, text []byte) error {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	v, err = jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestShippedScenariosFitTheSchema(t *testing.T) {
	s := compileSchema(t)
	for _, name := range Names() {
		text, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := fits(s, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBrokenFiles reads files that are wrong in one way each. What is said of NAME.yaml
// is in NAME.txt; its first line says whether the schema refuses it too.
func TestBrokenFiles(t *testing.T) {
	s := compileSchema(t)
	t.Chdir(filepath.Join("testdata", "broken"))
	paths, err := filepath.Glob("*.yaml")
	if err != nil || len(paths) < 50 {
		t.Fatal(len(paths), "files", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Find(path)
		if err == nil {
			t.Errorf("%s: no error", path)
			continue
		}
		if _, ok := errors.AsType[Error](err); !ok {
			t.Errorf("%s: %T has no place", path, err)
		}
		golden := strings.TrimSuffix(path, ".yaml") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, readErr := os.ReadFile(golden)
		if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), filepath.ToSlash(err.Error())+"\n"); diff != "" || readErr != nil {
			t.Errorf("%s: %v\n%s", path, readErr, diff)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		switch refused := fits(s, text) != nil; strings.TrimSpace(first) {
		case "# schema: refuses":
			if !refused {
				t.Errorf("%s: the schema takes it", path)
			}
		case "# schema: takes":
			if refused {
				t.Errorf("%s: the schema refuses it: %v", path, fits(s, text))
			}
		default:
			t.Errorf("%s: its first line does not say what the schema says", path)
		}
	}
}
