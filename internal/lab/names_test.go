package lab_test

import (
	"context"
	"testing"
	"time"

	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
)

// TestSplitDNS asks real DNS servers at both ends, and compares what they say.
func TestSplitDNS(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	for name, split := range map[string]bool{"name-same": false, "name-split": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := lab.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o, err := lab.Run(ctx, f, lab.Options{Overrides: scenarios.Overrides{Talk: time.Second}, Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			out, in, n := o.Evidence.Run.Resolution, o.Evidence.Responder.Resolution, o.Diagnosis.Names
			if out == nil || in == nil || n == nil || n.Split == nil || *n.Split != split {
				t.Fatalf("%+v %+v %+v", out, in, n)
			}
			if len(out.NAPTR) != 2 || len(out.SRV) != 2 || out.SRV[0].Transport != "tls" || out.UsedHost != "pbx.example.com" || out.Used != o.Evidence.Run.Address {
				t.Errorf("%+v", out)
			}
			if (in.Used != out.Used) != split {
				t.Errorf("inside %v, outside %v", in.Used, out.Used)
			}
		})
	}
}
