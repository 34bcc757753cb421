package sipprobe_test

import (
	"net/netip"
	"strings"
	"testing"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sdp(l ...string) string {
	return lines(append([]string{"v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-"}, append(l, "")...)...)
}

var sdpSeeds = []string{
	sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=audio 4000 RTP/AVP 0 8 101", "a=ptime:30"),
	sdp("c=IN IP6 2001:db8::1", "t=0 0", "m=audio 4000 RTP/AVP 8"),
	sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=video 1 RTP/AVP 96", "m=audio 4000/2 RTP/SAVP 0", "c=IN IP4 192.0.2.4"),
	sdp("t=0 0", "m=audio 70000 RTP/AVP x"), "v=0", "",
}

var comparable = cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})

func TestMediaRoundTrip(t *testing.T) {
	for name, m := range map[string]sipprobe.Media{
		"IPv4":    {Address: netip.MustParseAddrPort("192.0.2.3:4000"), Payloads: []uint8{8, 0}, PtimeMs: 20},
		"IPv6":    {Address: netip.MustParseAddrPort("[2001:db8::1]:65534"), Payloads: []uint8{0, 101}},
		"mapped":  {Address: netip.MustParseAddrPort("[::ffff:192.0.2.3]:2"), Payloads: []uint8{0}, PtimeMs: 60},
		"hold":    {Address: netip.MustParseAddrPort("0.0.0.0:4000"), Payloads: []uint8{0}},
		"events":  {Address: netip.MustParseAddrPort("192.0.2.3:4000"), Payloads: []uint8{111, 101, 13}, PtimeMs: 40, Mux: true},
		"no RTCP": {Address: netip.MustParseAddrPort("192.0.2.3:4000"), Payloads: []uint8{9}, NoRTCP: true},
		"SRTP": {Address: netip.MustParseAddrPort("192.0.2.3:4000"), Payloads: []uint8{0}, Secure: true,
			Crypto: []sipprobe.Crypto{{Tag: 1, Suite: "AES_CM_128_HMAC_SHA1_80", Key: "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"}}},
		"none": {Address: netip.MustParseAddrPort("192.0.2.3:0")},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := m.Offer()
			if err != nil {
				t.Fatal(err)
			}
			got, err := sipprobe.ParseMedia(body)
			if err != nil {
				t.Fatal(err)
			}
			want := m
			want.Address = netip.AddrPortFrom(m.Address.Addr().Unmap(), m.Address.Port())
			if d := cmp.Diff(want, got, comparable); d != "" {
				t.Error(d)
			}
		})
	}
	if body, err := (sipprobe.Media{}).Offer(); err == nil {
		t.Errorf("an offer without an address: %q", body)
	}
}

func TestOfferNamesFamilyAndCodecs(t *testing.T) {
	body, err := sipprobe.Media{Address: netip.MustParseAddrPort("[2001:db8::1%eth0]:4000"), Payloads: []uint8{0, 8}}.Offer()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"c=IN IP6 2001:db8::1\r\n", "m=audio 4000 RTP/AVP 0 8\r\n", "a=rtpmap:0 PCMU/8000\r\n", "a=rtpmap:8 PCMA/8000\r\n", "a=sendrecv\r\n"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Contains(string(body), "ptime") {
		t.Error("ptime is there although it was left out")
	}
}

func TestParseMedia(t *testing.T) {
	at := netip.MustParseAddrPort
	for name, row := range map[string]struct {
		body string
		want sipprobe.Media
		fail string
	}{
		"session":    {sdpSeeds[0], sipprobe.Media{Address: at("192.0.2.3:4000"), Payloads: []uint8{0, 8, 101}, PtimeMs: 30}, ""},
		"IPv6":       {sdpSeeds[1], sipprobe.Media{Address: at("[2001:db8::1]:4000"), Payloads: []uint8{8}}, ""},
		"own c=":     {sdpSeeds[2], sipprobe.Media{Address: at("192.0.2.4:4000"), Payloads: []uint8{0}, Secure: true}, ""},
		"bad ptime":  {sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=audio 4 RTP/AVP 0", "a=ptime:-20"), sipprobe.Media{Address: at("192.0.2.3:4"), Payloads: []uint8{0}}, ""},
		"no c=":      {sdp("t=0 0", "m=audio 4000 RTP/AVP 0"), sipprobe.Media{}, "c="},
		"name in c=": {sdp("c=IN IP4 pbx.example", "t=0 0", "m=audio 4000 RTP/AVP 0"), sipprobe.Media{}, "c="},
		"port":       {sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=audio 70000 RTP/AVP 0"), sipprobe.Media{}, ""},
		"video only": {sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=video 4000 RTP/AVP 96"), sipprobe.Media{}, "no audio"},
		"not SDP":    {"hello", sipprobe.Media{}, "SDP"},
		"empty":      {"", sipprobe.Media{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sipprobe.ParseMedia([]byte(row.body))
			if bad := !row.want.Address.IsValid(); bad != (err != nil) || bad && !strings.Contains(err.Error(), row.fail) {
				t.Fatalf("%+v, %v", got, err)
			}
			if d := cmp.Diff(row.want, got, comparable); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOfferNamesWhatItCarries(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.3:4000")
	for want, m := range map[string]sipprobe.Media{
		"m=audio 4000 RTP/AVP 111 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-15\r\n": {Address: at, Payloads: []uint8{111, 101}},
		"a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n":                                                          {Address: at, Payloads: []uint8{9, 101}},
		"a=rtpmap:13 CN/8000\r\n":            {Address: at, Payloads: []uint8{0, 13}},
		"b=RS:0\r\nb=RR:0\r\n":               {Address: at, NoRTCP: true},
		"a=rtcp-mux\r\n":                     {Address: at, Mux: true},
		"a=rtcp:53020\r\n":                   {Address: at, RTCP: netip.AddrPortFrom(at.Addr(), 53020)},
		"a=rtcp:53020 IN IP4 192.0.2.77\r\n": {Address: at, RTCP: netip.MustParseAddrPort("192.0.2.77:53020")},
		"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 SUITE inline:KEY\r\n": {Address: at, Payloads: []uint8{0}, Crypto: []sipprobe.Crypto{{Tag: 1, Suite: "SUITE", Key: "KEY"}}},
	} {
		body, err := m.Offer()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%v: no %q in\n%s", err, want, body)
		}
	}
}

// TestParseCrypto reads lines as others write them, and leaves out what is none.
func TestParseCrypto(t *testing.T) {
	body := sdp("c=IN IP4 192.0.2.3", "t=0 0", "m=audio 4000 RTP/SAVP 0",
		"a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:AAAA|2^20|1:4 KDR=1", "a=crypto:x y z", "a=crypto:2 S other:KEY", "a=crypto:3 S inline:BBBB")
	m, err := sipprobe.ParseMedia([]byte(body))
	want := []sipprobe.Crypto{{Tag: 1, Suite: "AES_256_CM_HMAC_SHA1_80", Key: "AAAA"}, {Tag: 3, Suite: "S", Key: "BBBB"}}
	if d := cmp.Diff(want, m.Crypto); d != "" || err != nil || !m.Secure {
		t.Error(err, m.Secure, d)
	}
}
