package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A decoder puts nodes into Go values by their yaml tags. All that is wrong is noted,
// and what is wrong stays zero.
type decoder struct {
	*problems
}

func (d *decoder) decode(n *node, into any, key string) {
	d.value(n, reflect.ValueOf(into).Elem(), key)
}

// value decodes a node; key is what it is the value of, for messages.
func (d *decoder) value(n *node, v reflect.Value, key string) {
	if n.bad {
		return
	}
	if n.form == nothing {
		d.at(n, "%s has no value; give it one or leave it out", cmp.Or(key, "this item"))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		before := len(d.all)
		d.value(n, p.Elem(), key)
		if len(d.all) == before {
			v.Set(p)
		}
	case reflect.Struct:
		if d.want(n, mapping, key, "keys with values") {
			d.fields(n, v, key)
		}
	case reflect.Map:
		if d.want(n, mapping, key, "keys with values") {
			v.Set(reflect.MakeMap(v.Type()))
			for _, e := range n.entries {
				item := reflect.New(v.Type().Elem()).Elem()
				d.value(e.value, item, e.key.text)
				v.SetMapIndex(reflect.ValueOf(e.key.text), item)
			}
		}
	case reflect.Slice:
		if d.want(n, list, key, "a list"+listExample(v.Type().Elem())) {
			v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
			if v.Type().Elem().Kind() == reflect.Struct {
				key = ""
			}
			for i, item := range n.items {
				d.value(item, v.Index(i), key)
			}
		}
	default:
		if d.want(n, scalar, key, scalarName(v.Kind())) {
			d.scalar(n, v, key)
		}
	}
}

func listExample(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Int:
		return " such as [400, 1400]"
	case reflect.Struct:
		return `, each item of which begins with "- "`
	}
	return " such as [one, two]"
}

func scalarName(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a single value"
}

func (d *decoder) want(n *node, f form, key, what string) bool {
	if n.form != f {
		d.at(n, "%s: want %s, but here is %s", cmp.Or(key, "this item"), what, n.describe())
	}
	return n.form == f
}

func (d *decoder) scalar(n *node, v reflect.Value, key string) {
	number := !n.quoted || n.filled // a number in quotes is text, but for variables
	var ok bool
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.text)
		if n.text == "" && !n.filled && !strings.HasSuffix(key, ".default") {
			d.at(n, "%s has no value; give it one or leave it out", key)
		}
		return
	case reflect.Bool:
		ok = (n.text == "true" || n.text == "false") && number
		v.SetBool(n.text == "true")
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.text, 10, 32)
		ok = err == nil && number
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.text, 64)
		ok = err == nil && number && !math.IsNaN(f) && !math.IsInf(f, 0)
		v.SetFloat(f)
	}
	if ok {
		return
	}
	v.SetZero()
	hint := ""
	if v.Kind() == reflect.Bool {
		hint = truth(n.text)
	}
	d.at(n, "%s: want %s, but here is %s%s", key, scalarName(v.Kind()), quoted(n.text), hint)
}

// truth is what somebody meant who wrote a truth as other languages have it.
func truth(word string) string {
	switch strings.ToLower(word) {
	case "yes", "on", "y", "1", "true":
		return `; did you mean "true"?`
	case "no", "off", "n", "0", "false":
		return `; did you mean "false"?`
	}
	return ""
}

// A field is a key that a struct of the language has.
type field struct {
	key   string
	index []int
	typ   reflect.Type
}

// fieldsOf lists the keys of a struct, those of inlined ones included.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, flag, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if flag == "inline" {
			for _, in := range fieldsOf(f.Type) {
				in.index = append([]int{i}, in.index...)
				out = append(out, in)
			}
			continue
		}
		if name != "" && name != "-" {
			out = append(out, field{name, []int{i}, f.Type})
		}
	}
	return out
}

// fields decodes the keys of a mapping, and refuses those that the struct does not have.
func (d *decoder) fields(n *node, v reflect.Value, key string) {
	fields := fieldsOf(v.Type())
	for _, e := range n.entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.key.text })
		if i < 0 {
			var keys []string
			for _, f := range fields {
				keys = append(keys, f.key)
			}
			d.at(e.key, "unknown key %s%s%s", quoted(e.key.text), of(key), nearOrAll(e.key.text, keys))
			continue
		}
		path := e.key.text
		if key != "" {
			path = key + "." + path
		}
		d.value(e.value, v.FieldByIndex(fields[i].index), path)
	}
}

func of(key string) string {
	if key == "" {
		return ""
	}
	return " in " + key
}

// nearOrAll names the nearest word, or all of a few.
func nearOrAll(given string, words []string) string {
	if near := didYouMean(given, words); near != "" {
		return near
	}
	return fmt.Sprintf("; want one of %s", strings.Join(words, ", "))
}
