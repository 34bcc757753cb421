package report

import (
	"fmt"
	"io"
	"strings"

	"bothways/internal/diagnosis"
	"bothways/sipprobe/tlsprobe"
)

// WriteServer writes for a person what a TLS server showed: the verdict, the versions,
// the chain from the server's own certificate upwards, and what to do.
func WriteServer(w io.Writer, s diagnosis.Server, o TextOptions) error {
	p := newPage(o)
	p.styled(p.toned(s.Verdict, mark(s.Verdict)+" "+strings.ToUpper(string(s.Verdict)))+"  ", s.Summary, bold())
	p.styled("  ", fmt.Sprintf("%s • %s • %s", s.Target, s.Result.Remote, s.Result.Time.Format("2006-01-02 15:04 MST")), faint())
	p.versions(s.Result)
	p.chain(s)
	p.issues(s.Issues)
	p.serverNotes(s)
	return p.flush(w)
}

func (p *page) versions(r tlsprobe.Result) {
	if len(r.Versions) == 0 {
		return
	}
	p.heading("Versions, each offered alone")
	for _, h := range r.Versions {
		detail := h.Cipher
		switch {
		case h.Outcome == tlsprobe.Refused && h.Alert != "":
			detail = "alert " + h.Alert
		case h.Outcome == tlsprobe.Refused:
			detail = "chose " + h.Chosen + " instead"
		case h.Outcome != tlsprobe.Accepted:
			detail = h.Error
		}
		p.para(fmt.Sprintf("  TLS %s  %-13s ", h.Offered, h.Outcome), detail)
	}
	if o := r.Ordinary; o.Outcome == tlsprobe.Accepted {
		p.para("  ", fmt.Sprintf("A client that offers them all gets TLS %s with %s.", o.Chosen, o.Cipher))
	}
	if r.Ordinary.AsksCertificate {
		p.para("  ", "The server asks for a certificate of the client's.")
	}
}

// chain draws the certificates from the server's own upwards, then those that are loose.
func (p *page) chain(s diagnosis.Server) {
	chain := s.Result.Chain
	if len(chain) == 0 {
		return
	}
	p.heading("Certificates, numbered as sent, and who signed them")
	way := tlsprobe.PathOf(chain)
	for n, i := range way.Steps {
		if n > 0 {
			p.styled("     ↑ ", "signed by", faint())
		}
		p.certificate(s.Result, i)
	}
	p.top(s.Result, way)
	for _, i := range way.Loose {
		p.blank()
		p.styled("  ", "Sent as well, and no part of this chain:", faint())
		p.certificate(s.Result, i)
	}
	if len(way.Steps) == 0 { // none can be read
		p.para("  ", "The certificate cannot be read: "+chain[0].Error)
	}
}

func (p *page) certificate(r tlsprobe.Result, i int) {
	c := r.Chain[i]
	p.styled(fmt.Sprintf("  %2d ", i+1), c.Name(), bold())
	row := func(word, text string) { p.para(fmt.Sprintf("     %-8s ", word), text) }
	if c.Error != "" {
		row("error", c.Error)
		return
	}
	if all := names(c.DNSNames, c.IPAddresses); len(all) > 0 {
		row("names", strings.Join(all, ", "))
	} else if !c.CA {
		row("names", "none: it has no subject alternative names")
	}
	left := tlsprobe.DaysLeft(c, r.Time)
	row("valid", fmt.Sprintf("%s to %s (%s)", c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"), daysLeft(left)))
	row("key", fmt.Sprintf("%s %d, signed with %s", c.Key, c.KeyBits, c.Signature))
	row("sha256", grouped(c.SHA256))
}

// top says where the chain ends.
func (p *page) top(r tlsprobe.Result, way tlsprobe.Path) {
	if len(way.Steps) == 0 {
		return
	}
	last := r.Chain[way.Steps[len(way.Steps)-1]]
	known := r.Trust != nil && r.Trust.Trusted
	store := "known to this machine"
	if r.Trust != nil && r.Trust.Given {
		store = "in the file given with --ca"
	}
	tone, text := diagnosis.Fail, ""
	switch {
	case known && way.Rooted:
		tone, text = diagnosis.Pass, "itself, and is "+store
	case known:
		tone, text = diagnosis.Pass, fmt.Sprintf("%s, which is %s", commonest(r.Trust.Root), store)
	case r.Trust == nil:
		tone, text = diagnosis.Inconclusive, last.IssuerName()+"; this machine has no root certificates to look it up in"
	case way.Rooted:
		text = "itself, and is not " + store
	default:
		text = fmt.Sprintf("%s, which was not sent and is not %s", last.IssuerName(), store)
	}
	p.styled("     ↑ ", "signed by", faint())
	p.para("  "+p.toned(tone, " "+mark(tone))+" ", text)
}

// commonest is the name by which people call the holder of a distinguished name.
func commonest(rdn string) string {
	return tlsprobe.Certificate{Subject: rdn}.Name()
}

func (p *page) issues(issues []diagnosis.ServerIssue) {
	tones := map[tlsprobe.Severity]diagnosis.Verdict{
		tlsprobe.Error: diagnosis.Fail, tlsprobe.Warning: diagnosis.Degraded, tlsprobe.Note: diagnosis.Skipped,
	}
	if len(issues) == 0 {
		return
	}
	p.heading("What is wrong, and what to do")
	for n, i := range issues {
		if n > 0 {
			p.blank()
		}
		tone := tones[i.Severity]
		p.styled("  "+p.toned(tone, mark(tone))+" ", i.Text, style(tone))
		tag := i.Cause
		if tag == "" {
			tag = string(i.Code)
		}
		p.styled("    ", tag+" • "+string(i.Severity), faint())
		for k, step := range i.Remedy {
			p.para(fmt.Sprintf("    %d. ", k+1), step)
		}
	}
}

func (p *page) serverNotes(s diagnosis.Server) {
	var notes []string
	if len(s.Result.Chain) > 0 && s.Name == nil {
		notes = append(notes, "The name in the certificate was not judged, since an address was dialled; --server-name NAME does that.")
	}
	for _, h := range s.Result.Versions {
		if h.Undecided() {
			notes = append(notes, h.Alert+" may mean that the server takes only cipher suites that this program does not have, such as DHE.")
			break
		}
	}
	if len(notes) == 0 {
		return
	}
	p.heading("Notes")
	for _, n := range notes {
		p.para("  • ", n)
	}
}

func daysLeft(n int) string {
	switch {
	case n < 0:
		return "over"
	case n == 0:
		return "less than a day left"
	case n == 1:
		return "1 day left"
	}
	return fmt.Sprintf("%d days left", n)
}

// grouped is a fingerprint in groups of four bytes.
func grouped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 8 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s[i:min(len(s), i+8)])
	}
	return b.String()
}
