package natlab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// A Zone is what a DNS server of a lab knows, by names in lower case with their last
// dot. A name that is not in it does not exist.
type Zone map[string]Records

// Records are those of one name.
type Records struct {
	Addresses []netip.Addr
	SRV       []SRVRecord
	NAPTR     []NAPTRRecord
}

// An SRVRecord is by RFC 2782; Target ends with a dot.
type SRVRecord struct {
	Priority, Weight, Port uint16
	Target                 string
}

// A NAPTRRecord is by RFC 3403; Replacement ends with a dot.
type NAPTRRecord struct {
	Order, Preference    uint16
	Flags, Service, Text string
	Replacement          string
}

// recordTTL is that of every record, in seconds.
const recordTTL = 300

// ServeDNS answers questions over UDP until the socket is closed.
func ServeDNS(conn net.PacketConn, z Zone) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer := z.answer(buf[:n]); answer != nil {
			conn.WriteTo(answer, from)
		}
	}
}

// answer is nil for what is no question.
func (z Zone) answer(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || m.Response || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	out := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: m.RecursionDesired, RecursionAvailable: true},
		Questions: m.Questions,
	}
	records, ok := z[strings.ToLower(q.Name.String())]
	if !ok {
		out.RCode = dnsmessage.RCodeNameError
	}
	for _, body := range records.bodies(q.Type) {
		out.Answers = append(out.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: recordTTL}, Body: body,
		})
	}
	data, err := out.Pack()
	if err != nil {
		return nil
	}
	return data
}

const typeNAPTR dnsmessage.Type = 35

func (r Records) bodies(t dnsmessage.Type) (out []dnsmessage.ResourceBody) {
	for _, a := range r.Addresses {
		switch {
		case t == dnsmessage.TypeA && a.Is4():
			out = append(out, &dnsmessage.AResource{A: a.As4()})
		case t == dnsmessage.TypeAAAA && a.Is6():
			out = append(out, &dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	for _, s := range r.SRV {
		if target, err := dnsmessage.NewName(s.Target); t == dnsmessage.TypeSRV && err == nil {
			out = append(out, &dnsmessage.SRVResource{Priority: s.Priority, Weight: s.Weight, Port: s.Port, Target: target})
		}
	}
	for _, n := range r.NAPTR {
		if t == typeNAPTR {
			out = append(out, &dnsmessage.UnknownResource{Type: typeNAPTR, Data: n.data()})
		}
	}
	return out
}

// data is the record as RFC 3403 section 4.1 has it, without compression.
func (n NAPTRRecord) data() []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, n.Order), n.Preference)
	for _, text := range []string{n.Flags, n.Service, n.Text} {
		b = append(append(b, byte(len(text))), text...)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(n.Replacement, "."), ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}
