package natprobe

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/pion/stun/v3"
)

// Credentials are the short-term ones of RFC 8489 section 9.1, shared by both ends.
type Credentials struct {
	// User is the USERNAME; Key is what MESSAGE-INTEGRITY is made with. An empty key
	// is valid for nobody.
	User string
	Key  []byte
}

// bits is the value of CHANGE-REQUEST.
func (c Change) bits() []byte {
	switch c {
	case ChangePort:
		return []byte{0, 0, 0, 2}
	case ChangeBoth:
		return []byte{0, 0, 0, 6}
	}
	return nil
}

// changeOf reads CHANGE-REQUEST; a change that this package does not know is no
// valid request.
func changeOf(m *stun.Message) (Change, bool) {
	value, err := m.Get(stun.AttrChangeRequest)
	if err != nil {
		return NoChange, true
	}
	for _, c := range []Change{ChangePort, ChangeBoth} {
		if bytes.Equal(value, c.bits()) {
			return c, true
		}
	}
	return NoChange, bytes.Equal(value, []byte{0, 0, 0, 0})
}

// request makes a Binding request; with the zero Credentials it carries none.
func request(id [stun.TransactionIDSize]byte, change Change, cred Credentials) ([]byte, error) {
	m := stun.New()
	setters := []stun.Setter{stun.NewTransactionIDSetter(id), stun.BindingRequest}
	if len(cred.Key) > 0 {
		setters = append(setters, stun.NewUsername(cred.User))
	}
	if err := m.Build(setters...); err != nil {
		return nil, err
	}
	if bits := change.bits(); bits != nil {
		m.Add(stun.AttrChangeRequest, bits)
	}
	if err := cred.seal(m); err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// seal adds MESSAGE-INTEGRITY, if there is a key, and FINGERPRINT.
func (c Credentials) seal(m *stun.Message) error {
	if len(c.Key) > 0 {
		if err := stun.MessageIntegrity(c.Key).AddTo(m); err != nil {
			return err
		}
	}
	return stun.Fingerprint.AddTo(m)
}

// valid reports whether a message proves the key.
func (c Credentials) valid(m *stun.Message) bool {
	return len(c.Key) > 0 && stun.MessageIntegrity(c.Key).Check(m) == nil
}

// parse reads a STUN message; false when it is none.
func parse(data []byte) (*stun.Message, bool) {
	if !stun.IsMessage(data) {
		return nil, false
	}
	m := &stun.Message{Raw: append([]byte(nil), data...)}
	return m, m.Decode() == nil
}

// question is a Binding request that proves the key.
func (c Credentials) question(data []byte) (*stun.Message, Change, bool) {
	m, ok := parse(data)
	if !ok || m.Type != stun.BindingRequest || !c.valid(m) {
		return nil, NoChange, false
	}
	var user stun.Username
	if user.GetFrom(m) != nil || string(user) != c.User {
		return nil, NoChange, false
	}
	change, ok := changeOf(m)
	return m, change, ok
}

// answer makes the success response to a request from a source, as sent from origin.
func (c Credentials) answer(to *stun.Message, source, origin netip.AddrPort) ([]byte, error) {
	m := stun.New()
	mapped := &stun.MappedAddress{IP: ip(source), Port: int(source.Port())}
	err := m.Build(
		stun.NewTransactionIDSetter(to.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: ip(source), Port: int(source.Port())}, mapped,
		&stun.ResponseOrigin{IP: ip(origin), Port: int(origin.Port())})
	if err != nil {
		return nil, err
	}
	if err := c.seal(m); err != nil {
		return nil, err
	}
	return m.Raw, nil
}

func ip(a netip.AddrPort) net.IP { return a.Addr().Unmap().AsSlice() }

// mappedIn is the mapped address of an answer: XOR-MAPPED-ADDRESS, or of servers of
// RFC 3489 MAPPED-ADDRESS; false when there is none that can be read.
func mappedIn(m *stun.Message) (netip.AddrPort, bool) {
	var x stun.XORMappedAddress
	if x.GetFrom(m) == nil {
		return addrPort(x.IP, x.Port)
	}
	var plain stun.MappedAddress
	if plain.GetFrom(m) == nil {
		return addrPort(plain.IP, plain.Port)
	}
	return netip.AddrPort{}, false
}

// otherIn is the other address that a server names.
func otherIn(m *stun.Message) (netip.AddrPort, bool) {
	var other stun.OtherAddress
	if other.GetFrom(m) != nil {
		return netip.AddrPort{}, false
	}
	return addrPort(other.IP, other.Port)
}

func addrPort(a net.IP, port int) (netip.AddrPort, bool) {
	addr, ok := netip.AddrFromSlice(a)
	if !ok || port < 1 || port > 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), true
}

// unmapped reads an address of the net package.
func unmapped(a net.Addr) netip.AddrPort {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
