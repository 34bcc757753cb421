package diagnosistest

import (
	"reflect"
	"strings"
	"sync"

	"bothways/internal/evidence"
)

// What is the same each time is made once, and handed out as copies: whoever changes
// one changes no other.
var (
	madeRuns       = sync.OnceValue(makeRuns)
	madeRanked     = sync.OnceValue(makeRanked)
	madeNearMisses = sync.OnceValue(makeNearMisses)
)

// Runs are one run for each thing that can be wrong, and one where nothing is.
func Runs() []Run { return copies(madeRuns()) }

// Ranked are the runs of Runs, and more in which causes and symptoms meet.
func Ranked() []Run { return append(Runs(), copies(madeRanked())...) }

// NearMisses are runs in which two causes meet that have nothing to do with each other
// there, although the one explains the other elsewhere.
func NearMisses() []Run { return copies(madeNearMisses()) }

// Find returns the evidence of a run by its name, nil when there is none.
func Find(name string) *evidence.Evidence {
	for _, r := range madeRuns() {
		if strings.EqualFold(r.Name, name) {
			return clone(r.Evidence)
		}
	}
	return nil
}

func copies(runs []Run) []Run {
	out := make([]Run, len(runs))
	for i, r := range runs {
		out[i] = Run{r.Name, clone(r.Evidence)}
	}
	return out
}

// clone is a copy of all that v leads to by pointers, slices and exported fields.
// What a type hides (an address, a time, a set of ports) is never changed in place.
func clone[T any](v T) T {
	var out T
	cloneInto(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem())
	return out
}

func cloneInto(to, from reflect.Value) {
	switch to.Set(from); from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			cloneInto(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			cloneEach(to, from)
		}
	case reflect.Array:
		cloneEach(to, from)
	case reflect.Struct:
		for i := range from.NumField() {
			if from.Type().Field(i).IsExported() {
				cloneInto(to.Field(i), from.Field(i))
			}
		}
	case reflect.Map, reflect.Interface, reflect.Chan, reflect.Func:
		panic("evidence holds none of " + from.Type().String())
	}
}

func cloneEach(to, from reflect.Value) {
	if from.Kind() == reflect.Slice && from.Type().Elem().Kind() <= reflect.Complex128 {
		reflect.Copy(to, from)
		return
	}
	for i := range from.Len() {
		cloneInto(to.Index(i), from.Index(i))
	}
}
