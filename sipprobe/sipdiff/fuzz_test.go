package sipdiff_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"bothways/sipprobe/sipdiff"
)

// seeds are the torture messages, whole and cut, and what boxes make of a message.
func seeds(t testing.TB) [][]byte {
	out := [][]byte{nil, []byte("\r\n\r\n"), []byte("\x00\xff"), []byte("v:\n"), []byte(multipartMessage())}
	for _, m := range torture(t) {
		out = append(out, m.data, m.data[:len(m.data)/2])
	}
	for _, e := range edits {
		out = append(out, []byte(e.edit(invite())))
	}
	return out
}

// FuzzParse: whatever comes, no byte is lost, and the diff with itself is empty.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { keeps(t, data) })
}

func keeps(t *testing.T, data []byte) {
	t.Helper()
	m := sipdiff.Parse(data)
	if got := m.Bytes(); !bytes.Equal(got, data) {
		t.Errorf("%q came back as %q", data, got)
	}
	for _, field := range m.Fields() {
		if field.Name == "" {
			t.Errorf("a field without a name: %q in %q", field.Value, data)
		}
	}
	if c := sipdiff.Compare(data, bytes.Clone(data)); c != nil {
		t.Errorf("differs from itself: %+v", c)
	}
}

// FuzzCompare: two messages have no changes exactly when they are the same, and each
// change can be shown.
func FuzzCompare(f *testing.F) {
	all := seeds(f)
	for i, s := range all {
		f.Add([]byte(invite()), s)
		f.Add(s, all[(i+1)%len(all)])
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		changes := sipdiff.Compare(a, b)
		if bytes.Equal(a, b) != (len(changes) == 0) {
			t.Errorf("%q and %q: %+v", a, b, changes)
		}
		for _, c := range changes {
			if c.Field == "" || c.Kind == "" || !utf8.ValidString(c.Field) || !utf8.ValidString(c.Before+c.After) {
				t.Errorf("cannot be shown: %+v", c)
			}
		}
	})
}
