package sipprobe

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Media is what an SDP body says about the one audio stream of a call (RFC 8866, RFC 3264).
type Media struct {
	// Address is where the sender of the SDP wants RTP: c= with the port of m=.
	Address netip.AddrPort
	// Payloads lists the RTP payload types in order of preference; 0 is PCMU, 8 is PCMA.
	Payloads []uint8
	// Mux says that RTCP comes to the port of RTP (a=rtcp-mux, RFC 5761), NoRTCP that none does (b=RS:0 and
	// b=RR:0, RFC 3556).
	Mux, NoRTCP bool
	// RTCP is where its sender wants RTCP (a=rtcp, RFC 3605); zero is the port above that of RTP.
	RTCP netip.AddrPort
	// Crypto holds the keys of SRTP in order of preference (a=crypto, RFC 4568); with one the stream is
	// RTP/SAVP instead of RTP/AVP. Secure is true for RTP/SAVP, with keys or without.
	Crypto []Crypto
	Secure bool
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
	// Bytes is the least length of what Offer returns, for offers as large as those of
	// phones with many codecs and ICE; 0 is no longer than needed. It is not read.
	Bytes int
}

// A Crypto is one a=crypto line (RFC 4568): the key that its sender encrypts with.
type Crypto struct {
	Tag   int
	Suite string // AES_CM_128_HMAC_SHA1_80
	Key   string // base64, as after "inline:", without lifetime or MKI
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
	if m.Secure || len(m.Crypto) > 0 {
		audio.MediaName.Protos[1] = "SAVP"
	}
	if m.NoRTCP {
		audio.Bandwidth = []sdp.Bandwidth{{Type: "RS"}, {Type: "RR"}}
	}
	m.describe(audio)
	if m.Bytes > 0 {
		addCodecs(audio)
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
	return enlarge(&s, m.Bytes)
}

// describe adds the attributes of the stream.
func (m Media) describe(audio *sdp.MediaDescription) {
	for _, c := range m.Crypto {
		audio.WithValueAttribute("crypto", fmt.Sprintf("%d %s inline:%s", c.Tag, c.Suite, c.Key))
	}
	for _, p := range m.Payloads {
		audio.MediaName.Formats = append(audio.MediaName.Formats, strconv.Itoa(int(p)))
		if name := m.rtpmap(p); name != "" {
			audio.WithValueAttribute("rtpmap", fmt.Sprintf("%d %s", p, name))
		}
		if p == telephoneEvent {
			audio.WithValueAttribute("fmtp", fmt.Sprintf("%d 0-15", p))
		}
	}
	if m.PtimeMs > 0 {
		audio.WithValueAttribute("ptime", strconv.Itoa(m.PtimeMs))
	}
	if m.RTCP.IsValid() {
		value := strconv.Itoa(int(m.RTCP.Port()))
		if a := m.RTCP.Addr().Unmap().WithZone(""); a != m.Address.Addr().Unmap().WithZone("") {
			value += " IN " + family(a) + " " + a.String()
		}
		audio.WithValueAttribute("rtcp", value)
	}
	if m.Mux {
		audio.WithPropertyAttribute("rtcp-mux")
	}
}

// The dynamic payload types that this package names: of telephone events (RFC 4733) and of Opus (RFC 7587).
const (
	telephoneEvent = 101
	opus           = 111
)

// rtpmap is the encoding of a payload type, empty for one that is not known.
func (m Media) rtpmap(payload uint8) string {
	switch payload {
	case 0:
		return "PCMU/8000"
	case 8:
		return "PCMA/8000"
	case 9:
		return "G722/8000"
	case 13:
		return "CN/8000"
	case opus:
		return "opus/48000/2"
	case telephoneEvent: // its clock is that of the audio (RFC 4733 section 2.1)
		if slices.Contains(m.Payloads, opus) {
			return "telephone-event/48000"
		}
		return "telephone-event/8000"
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
	m.Secure = slices.Contains(d.MediaName.Protos, "SAVP")
	m.NoRTCP = unreported(d)
	for _, a := range d.Attributes {
		switch c, ok := cryptoOf(a.Value); {
		case a.Key == "rtcp-mux":
			m.Mux = true
		case a.Key == "rtcp":
			m.RTCP = rtcpOf(a.Value, m.Address.Addr())
		case a.Key == "crypto" && ok:
			m.Crypto = append(m.Crypto, c)
		}
	}
	if v, ok := d.Attribute("ptime"); ok {
		ms, _ := strconv.ParseUint(v, 10, 16)
		m.PtimeMs = int(ms)
	}
	return m, nil
}

// unreported reports whether a stream has no bandwidth for RTCP, neither way (RFC 3556 section 2).
func unreported(d *sdp.MediaDescription) bool {
	none := 0
	for _, b := range d.Bandwidth {
		if (b.Type == "RS" || b.Type == "RR") && b.Bandwidth == 0 {
			none++
		}
	}
	return none == 2
}

// rtcpOf reads "53020" or "53020 IN IP4 192.0.2.1" (RFC 3605 section 2.1); zero when it is neither.
func rtcpOf(value string, media netip.Addr) netip.AddrPort {
	f := strings.Fields(value)
	if len(f) != 1 && len(f) != 4 {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil || port == 0 {
		return netip.AddrPort{}
	}
	if len(f) == 4 {
		if media, err = netip.ParseAddr(f[3]); err != nil {
			return netip.AddrPort{}
		}
	}
	return netip.AddrPortFrom(media.Unmap().WithZone(""), uint16(port))
}

// cryptoOf reads "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4" (RFC 4568 section 9.1).
func cryptoOf(value string) (Crypto, bool) {
	f := strings.Fields(value)
	if len(f) < 3 {
		return Crypto{}, false
	}
	tag, err := strconv.Atoi(f[0])
	key, inline := strings.CutPrefix(f[2], "inline:")
	key, _, _ = strings.Cut(key, "|")
	return Crypto{Tag: tag, Suite: f[1], Key: key}, err == nil && inline && key != ""
}
