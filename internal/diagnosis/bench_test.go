package diagnosis_test

import (
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
)

// BenchmarkDiagnose is what the diagnosis of one run costs, by what the run has most of.
func BenchmarkDiagnose(b *testing.B) {
	for _, name := range []string{"clean", "sweep-clean", "sweep-random-loss", "load-clean"} {
		ev := diagnosistest.Find(name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				diagnosis.Diagnose(ev)
			}
		})
	}
}
