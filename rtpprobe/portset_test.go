package rtpprobe_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

func portSet(t testing.TB, text string) (s rtpprobe.PortSet) {
	t.Helper()
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPortSetText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "5060": "5060", "1-65535": "1-65535", "65535,1": "1,65535",
		"10000-14321,14323": "10000-14321,14323", "3-5,1-2": "1-5", "1-9,3-4,10": "1-10", "63-64,127,128": "63-64,127-128",
	} {
		s := portSet(t, text)
		if s.String() != want {
			t.Errorf("%q is written %q, want %q", text, s, want)
		}
		data, err := json.Marshal(s)
		var again rtpprobe.PortSet
		if err != nil || json.Unmarshal(data, &again) != nil || !again.Equal(s) || string(data) != `"`+want+`"` {
			t.Errorf("%q is %s in JSON (%v)", text, data, err)
		}
	}
	for _, text := range []string{"0", "1,", ",1", "2-1", "65536", "a", "1 ,2", "0-4"} {
		s := portSet(t, "7")
		if err := s.UnmarshalText([]byte(text)); err == nil || s.String() != "7" {
			t.Errorf("%q gives %q, %v", text, s, err)
		}
	}
}

// TestPortSetModel holds a set against a map, through random changes.
func TestPortSetModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	edge := func() uint16 { return uint16([]int{1, 64, 65472, 65535}[random.IntN(4)] + random.IntN(40) - 20) }
	for range 200 {
		var s rtpprobe.PortSet
		model := map[uint16]bool{}
		for range 40 {
			before, text := s, s.String()
			switch port, n := edge(), uint16(random.IntN(30)); random.IntN(3) {
			case 0:
				s.Add(port)
				model[port] = true
			case 1:
				s.Remove(port)
				delete(model, port)
			default:
				s.AddRange(rtpprobe.PortRange{From: port, To: max(port+n, port)})
				for p := int(port); p <= int(max(port+n, port)); p++ {
					model[uint16(p)] = true
				}
			}
			delete(model, 0)
			if before.String() != text {
				t.Fatalf("a copy changed from %s to %s", text, before)
			}
			sameAsModel(t, s, model)
		}
	}
}

func sameAsModel(t *testing.T, s rtpprobe.PortSet, model map[uint16]bool) {
	t.Helper()
	var want []uint16
	for port := range model {
		want = append(want, port)
		if !s.Contains(port) {
			t.Fatalf("%s lacks %d", s, port)
		}
	}
	slices.Sort(want)
	if got := slices.Collect(s.All()); !slices.Equal(got, want) || s.Len() != len(want) {
		t.Fatalf("%s: %s", s, cmp.Diff(want, got))
	}
	if !rtpprobe.PortSetOf(slices.Values(want)).Equal(s) || !portSet(t, s.String()).Equal(s) {
		t.Fatalf("%s is not what its ports or its text make", s)
	}
}

func TestPortSetAlgebra(t *testing.T) {
	a, b := portSet(t, "1-10,20-30,65535"), portSet(t, "5-22,64")
	for _, c := range []struct{ got, want rtpprobe.PortSet }{
		{a.Union(b), portSet(t, "1-30,64,65535")},
		{a.Minus(b), portSet(t, "1-4,23-30,65535")},
		{b.Minus(a), portSet(t, "11-19,64")},
		{a.Intersect(b), portSet(t, "5-10,20-22")},
		{a.Minus(a), rtpprobe.PortSet{}},
	} {
		if diff := cmp.Diff(c.want.String(), c.got.String()); diff != "" || !c.got.Equal(c.want) {
			t.Error(diff)
		}
	}
	if !a.Minus(a).IsZero() || rtpprobe.PortRangeSet(rtpprobe.PortRange{}).Len() != 65535 {
		t.Error("empty and full")
	}
}

func FuzzPortSet(f *testing.F) {
	f.Add("1-10,12")
	f.Add("65535,65534,1-65533")
	f.Fuzz(func(t *testing.T, text string) {
		var s, again rtpprobe.PortSet
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || !again.Equal(s) {
			t.Errorf("%q becomes %q, then %q (%v)", text, s, again, err)
		}
	})
}

func BenchmarkPortSetOf(b *testing.B) {
	ports := make([]uint16, 0, 64511)
	for _, p := range rand.Perm(64511) {
		ports = append(ports, uint16(1025+p))
	}
	for b.Loop() {
		rtpprobe.PortSetOf(slices.Values(ports))
	}
}
