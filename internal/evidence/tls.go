package evidence

import (
	"slices"

	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// TLSFacts are what the client saw of one TLS port of the site.
type TLSFacts struct {
	// Port is the one that was asked; Name is the one that the certificate must bear,
	// empty where the target was dialled by its address and the scenario names none.
	Port uint16 `json:"port"`
	Name string `json:"name"`
	// Connect is the TCP connection that could not be opened; null when it was.
	Connect *Connect        `json:"connect"`
	Result  tlsprobe.Result `json:"result"`
}

// Presented is what an end presents on a TLS socket of its own.
type Presented struct {
	// SHA256 are the fingerprints of the chain, the end's own certificate first.
	SHA256 []string `json:"sha256"`
	// SelfMade is true for a certificate that the program made for itself.
	SelfMade bool `json:"self_made"`
}

// Presents returns what the end presents on its TLS sockets; null when that is not known:
// there is no ledger, or none of its sockets speaks TLS, or the program was too old to say.
func (l *Ledger) Presents() *Presented {
	if l == nil {
		return nil
	}
	i := slices.IndexFunc(l.Sockets, func(s Socket) bool { return s.Transport == sipprobe.TLS && s.Error == "" && s.Presented != nil })
	if i < 0 || len(l.Sockets[i].Presented.SHA256) == 0 {
		return nil
	}
	return l.Sockets[i].Presented
}
