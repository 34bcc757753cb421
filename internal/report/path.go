package report

import (
	"bothways/internal/diagnosis"
	"bothways/rtpprobe"
)

// Size is what a check of sizes has shown. Sizes are those of SIP messages in bytes.
type Size struct {
	// PassedBytes is the largest below which nothing is lost, LostBytes the smallest that
	// is lost; null when there is none.
	PassedBytes *int       `json:"passed_bytes"`
	LostBytes   *int       `json:"lost_bytes"`
	Steps       []SizeStep `json:"steps"`
	// Whole is the same for datagrams that must not be fragmented; null over TCP and TLS,
	// and where the sender's system lets no program forbid it.
	Whole *WholeSize `json:"whole"`
	// PathMTUBytes is what the sender took for the path's MTU when all was over,
	// LinkMTUBytes that of its own link; null where it does not tell.
	PathMTUBytes *int `json:"path_mtu_bytes"`
	LinkMTUBytes *int `json:"link_mtu_bytes"`
}

// WholeSize is what became of datagrams that must not be fragmented.
type WholeSize struct {
	PassedBytes *int       `json:"passed_bytes"`
	LostBytes   *int       `json:"lost_bytes"`
	Steps       []SizeStep `json:"steps"`
}

// A SizeStep is one message.
type SizeStep struct {
	Bytes      int `json:"bytes"`
	SentCopies int `json:"sent_copies"`
	// Arrived is null when the records do not tell.
	Arrived  *bool `json:"arrived"`
	Answered bool  `json:"answered"`
	// Refused is true where the sender's machine would not send it in one piece.
	Refused bool `json:"refused"`
}

// DSCP is what a check of marks has shown (RFC 2474).
type DSCP struct {
	Marks []MarkSeen `json:"marks"`
}

// A MarkSeen is what became of packets that were sent with one mark.
type MarkSeen struct {
	Mark
	// SentPackets and ArrivedPackets are null when that end's record is missing.
	SentPackets    *int64 `json:"sent_packets"`
	ArrivedPackets *int64 `json:"arrived_packets"`
	// ArrivedAs is null where the receiver's system does not tell.
	ArrivedAs []MarkCount `json:"arrived_as"`
}

// A Mark is a DSCP and its name, "EF" for 46.
type Mark struct {
	DSCP int    `json:"dscp"`
	Name string `json:"name"`
}

// A MarkCount counts packets that arrived with one mark.
type MarkCount struct {
	Mark
	Packets int64 `json:"packets"`
}

func buildSize(s *diagnosis.Size) *Size {
	if s == nil {
		return nil
	}
	out := &Size{
		PassedBytes: s.PassedBytes, LostBytes: s.LostBytes, Steps: buildSteps(s.Steps),
		PathMTUBytes: s.PathMTU, LinkMTUBytes: s.LinkMTU,
	}
	if w := s.Whole; w != nil {
		out.Whole = &WholeSize{PassedBytes: w.PassedBytes, LostBytes: w.LostBytes, Steps: buildSteps(w.Steps)}
	}
	return out
}

func buildSteps(steps []diagnosis.SizeStep) []SizeStep {
	out := []SizeStep{}
	for _, s := range steps {
		out = append(out, SizeStep{Bytes: s.Bytes, SentCopies: s.Copies, Arrived: s.Arrived, Answered: s.Answered, Refused: s.Refused})
	}
	return out
}

func buildDSCP(d *diagnosis.DSCP) *DSCP {
	if d == nil {
		return nil
	}
	out := &DSCP{Marks: []MarkSeen{}}
	for _, m := range d.Marks {
		seen := MarkSeen{Mark: buildMark(m.Mark), SentPackets: m.Sent, ArrivedPackets: m.Arrived}
		if m.As != nil {
			seen.ArrivedAs = []MarkCount{}
		}
		for _, c := range m.As {
			seen.ArrivedAs = append(seen.ArrivedAs, MarkCount{buildMark(c.Mark), c.Packets})
		}
		out.Marks = append(out.Marks, seen)
	}
	return out
}

func buildMark(m rtpprobe.Mark) Mark { return Mark{DSCP: int(m), Name: m.String()} }
