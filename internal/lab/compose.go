package lab

import (
	"fmt"
	"reflect"
	"slices"

	"bothways/internal/diagnosis"
	"bothways/internal/natlab"
)

// Together plants two faults at once: what the one leaves at zero is as the other has it,
// lists are joined, and both scenarios are run. A run must report what both expect, and
// the worse verdict. Two faults that want the same thing otherwise cannot be together.
func Together(a, b Fault) (Fault, error) {
	out := a
	out.Name, out.Title = a.Name+"+"+b.Name, a.Title+"; and "+b.Title
	out.Also = append(slices.Clone(a.Also), b.Scenario)
	out.Verdict = worse(a.Verdict, b.Verdict)
	if a.Scenario == b.Scenario {
		out.Also = a.Also
	}
	forwards, err := bothForwards(a.Topology.Forwards, b.Topology.Forwards)
	if err != nil {
		return Fault{}, fmt.Errorf("%s: %w", out.Name, err)
	}
	b.Name, b.Title, b.Scenario, b.Verdict = "", "", "", ""
	b.Topology.Forwards, out.Topology.Forwards = nil, nil
	if err := merge(reflect.ValueOf(&out).Elem(), reflect.ValueOf(b)); err != nil {
		return Fault{}, fmt.Errorf("%s: %w", out.Name, err)
	}
	out.Topology.Forwards = forwards
	return out, nil
}

// bothForwards are the forwards of a site without fault, without those that one of two
// faults takes away, and with those that one of them adds.
func bothForwards(a, b []natlab.Forward) ([]natlab.Forward, error) {
	plain := everything().Forwards
	adds := func(f []natlab.Forward) []natlab.Forward {
		return slices.DeleteFunc(slices.Clone(f), func(f natlab.Forward) bool { return slices.Contains(plain, f) })
	}
	if len(adds(a)) > 0 && len(adds(b)) > 0 {
		return nil, fmt.Errorf("both have forwards of their own")
	}
	left := slices.DeleteFunc(slices.Clone(plain), func(f natlab.Forward) bool { return !slices.Contains(a, f) || !slices.Contains(b, f) })
	return slices.Concat(left, adds(a), adds(b)), nil
}

// merge adds to a struct what another one has.
func merge(into, from reflect.Value) error {
	for i := range into.NumField() {
		a, b := into.Field(i), from.Field(i)
		name := into.Type().Field(i).Name
		switch {
		case b.IsZero() || reflect.DeepEqual(a.Interface(), b.Interface()):
		case a.IsZero():
			a.Set(b)
		case a.Kind() == reflect.Slice:
			a.Set(joined(a, b))
		case a.Type() == reflect.TypeFor[*natlab.Box]():
			box := *a.Interface().(*natlab.Box)
			box.Alterations = slices.Concat(box.Alterations, b.Interface().(*natlab.Box).Alterations)
			a.Set(reflect.ValueOf(&box))
		case a.Kind() == reflect.Struct:
			if err := merge(a, b); err != nil {
				return err
			}
		default:
			return fmt.Errorf("both change %s", name)
		}
	}
	return nil
}

// joined is a new slice of both, each value once.
func joined(a, b reflect.Value) reflect.Value {
	out := reflect.AppendSlice(reflect.MakeSlice(a.Type(), 0, a.Len()+b.Len()), a)
	for i := range b.Len() {
		if !slices.ContainsFunc(slices.Collect(values(a)), func(v any) bool { return reflect.DeepEqual(v, b.Index(i).Interface()) }) {
			out = reflect.Append(out, b.Index(i))
		}
	}
	return out
}

func values(s reflect.Value) func(func(any) bool) {
	return func(yield func(any) bool) {
		for i := range s.Len() {
			if !yield(s.Index(i).Interface()) {
				return
			}
		}
	}
}

// worse is the verdict of a run in which both would have been given.
func worse(a, b string) string {
	for _, v := range []diagnosis.Verdict{diagnosis.Fail, diagnosis.Inconclusive, diagnosis.Degraded} {
		if a == string(v) || b == string(v) {
			return string(v)
		}
	}
	return a
}
