package sipprobe

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/pion/sdp/v3"
)

// Media is what an SDP body says about the one audio stream of a call (RFC 8866, RFC 3264).
type Media struct {
	// Address is where the sender of the SDP wants RTP: c= with the port of m=.
	Address netip.AddrPort
	// Payloads lists the RTP payload types in order of preference; 0 is PCMU, 8 is PCMA.
	Payloads []uint8
	// PtimeMs is the packet length in ms; 0 leaves it out, which means 20 (RFC 3551 section 4.2).
	PtimeMs int
	// Way is the direction attribute; empty is sendrecv, also of what was read.
	Way Way
	// Version is that of the description, which rises with each change (RFC 3264 section
	// 8); 0 is that of the first. It is not read.
	Version uint64
	// Origin is the address in o=, for a description whose Address has changed or is that
	// of a hold; zero is that of Address.
	Origin netip.Addr
}

// Offer returns the SDP body that asks for this audio stream, both ways; it serves
// as an answer too.
func (m Media) Offer() ([]byte, error) {
	if !m.Address.IsValid() {
		return nil, errNoMediaAddress
	}
	addr := sdp.ConnectionInformation{NetworkType: "IN", AddressType: family(m.Address.Addr().Unmap()),
		Address: &sdp.Address{Address: m.Address.Addr().Unmap().WithZone("").String()}}
	audio := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: "audio", Port: sdp.RangedPort{Value: int(m.Address.Port())}, Protos: []string{"RTP", "AVP"}}}
	for _, p := range m.Payloads {
		audio.MediaName.Formats = append(audio.MediaName.Formats, strconv.Itoa(int(p)))
		if name := rtpmap(p); name != "" {
			audio.WithValueAttribute("rtpmap", fmt.Sprintf("%d %s", p, name))
		}
	}
	if m.PtimeMs > 0 {
		audio.WithValueAttribute("ptime", strconv.Itoa(m.PtimeMs))
	}
	audio.WithPropertyAttribute(string(cmp.Or(m.Way, SendRecv)))
	origin := m.origin()
	s := sdp.SessionDescription{
		Origin: sdp.Origin{Username: "bothways", SessionID: 1, SessionVersion: max(m.Version, 1), NetworkType: "IN",
			AddressType: family(origin), UnicastAddress: origin.String()},
		SessionName: "bothways", ConnectionInformation: &addr,
		TimeDescriptions:  []sdp.TimeDescription{{}},
		MediaDescriptions: []*sdp.MediaDescription{audio},
	}
	return s.Marshal()
}

func rtpmap(payload uint8) string {
	switch payload {
	case 0:
		return "PCMU/8000"
	case 8:
		return "PCMA/8000"
	}
	return ""
}

var (
	errNoAudio        = errors.New("no audio stream in the SDP")
	errNoMediaAddress = errors.New("no media address to offer")
)

// ParseMedia reads the first audio stream of an SDP body. It never judges whether
// the address makes sense: 0.0.0.0 (hold) and port 0 (refused) come as they are.
func ParseMedia(body []byte) (Media, error) {
	var s sdp.SessionDescription
	if err := s.Unmarshal(body); err != nil {
		return Media{}, fmt.Errorf("bad SDP: %w", err)
	}
	for _, d := range s.MediaDescriptions {
		if d.MediaName.Media == "audio" {
			return audioOf(s, d)
		}
	}
	return Media{}, errNoAudio
}

func audioOf(s sdp.SessionDescription, d *sdp.MediaDescription) (Media, error) {
	c := d.ConnectionInformation
	if c == nil {
		c = s.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return Media{}, errors.New("no c= line in the SDP")
	}
	addr, err := netip.ParseAddr(c.Address.Address)
	if err != nil {
		return Media{}, fmt.Errorf("c= is not an address: %w", err)
	}
	port := d.MediaName.Port.Value
	if port < 0 || port > 65535 {
		return Media{}, fmt.Errorf("m= has port %d", port)
	}
	m := Media{Address: netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port))}
	for _, f := range d.MediaName.Formats {
		if p, err := strconv.ParseUint(f, 10, 7); err == nil {
			m.Payloads = append(m.Payloads, uint8(p))
		}
	}
	m.Way = wayOf(s, d)
	if v, ok := d.Attribute("ptime"); ok {
		ms, _ := strconv.ParseUint(v, 10, 16)
		m.PtimeMs = int(ms)
	}
	return m, nil
}
