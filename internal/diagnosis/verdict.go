package diagnosis

// A Verdict is the judgement of a check or of a run.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Degraded     Verdict = "degraded"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	Skipped      Verdict = "skipped"
)

// ExitStatus is the exit status that stands for the verdict, as monitoring plug-ins
// have it: 0 pass, 1 degraded, 2 fail, 3 anything else.
func (v Verdict) ExitStatus() int {
	switch v {
	case Pass:
		return 0
	case Degraded:
		return 1
	case Fail:
		return 2
	}
	return 3
}
