package cli

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/report"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// keyFlags are how both programs are given the shared key.
type keyFlags struct {
	Key     string `placeholder:"KEY" help:"Key shared with the other end. The variable BOTHWAYS_KEY does too, without showing in process lists."`
	KeyFile string `placeholder:"FILE" type:"existingfile" help:"File whose first line is the key."`
}

// given reports whether a flag, and not the environment, gives the key.
func (f keyFlags) given() bool { return f.Key != "" || f.KeyFile != "" }

// key returns the given key, empty when none was given.
func (f keyFlags) key(s console.Streams) (string, error) {
	if f.Key != "" && f.KeyFile != "" {
		return "", console.Hint(errors.New("both --key and --key-file are given"), "use one of them")
	}
	if f.KeyFile == "" {
		// Blanks come with what was copied, and with "set BOTHWAYS_KEY=… &&" on Windows.
		return strings.TrimSpace(cmp.Or(f.Key, s.Getenv("BOTHWAYS_KEY"))), nil
	}
	data, err := readTextFile(f.KeyFile)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", console.Hint(fmt.Errorf("%s holds no key", f.KeyFile), "put the key that the responder printed on its first line")
	}
	return line, nil
}

// newKey makes a key of 100 bits that can be read out over the telephone.
func newKey() string {
	text := strings.ToLower(rand.Text())
	return strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:20]}, "-")
}

// quoted is a word as it is typed in a shell, in quotes where it is not a plain one.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return `"` + word + `"`
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._+=/:-]+$`)

// portFlags are the SIP ports of the site, and the range of this end's media ports.
type portFlags struct {
	SIPUDP uint16             `name:"sip-udp" default:"5060" placeholder:"PORT" help:"SIP over UDP; 0 = off (${default})."`
	SIPTCP uint16             `name:"sip-tcp" default:"5060" placeholder:"PORT" help:"SIP over TCP; 0 = off (${default})."`
	SIPTLS uint16             `name:"sip-tls" default:"5061" placeholder:"PORT" help:"SIP over TLS; 0 = off (${default})."`
	RTP    rtpprobe.PortRange `name:"rtp" default:"10000-20000" placeholder:"FROM-TO" help:"UDP ports for RTP and RTCP (${default})."`
}

func (f portFlags) sip() map[sipprobe.Transport]uint16 {
	ports := make(map[sipprobe.Transport]uint16)
	for t, p := range map[sipprobe.Transport]uint16{sipprobe.UDP: f.SIPUDP, sipprobe.TCP: f.SIPTCP, sipprobe.TLS: f.SIPTLS} {
		if p != 0 {
			ports[t] = p
		}
	}
	return ports
}

func (f portFlags) check() error {
	if len(f.sip()) == 0 {
		return console.Hint(errors.New("every SIP transport is off"), "leave at least one of --sip-udp, --sip-tcp and --sip-tls on")
	}
	if f.RTP.Size() < 2 || f.RTP.From == 0 {
		return console.Hint(fmt.Errorf("--rtp %s is too small", f.RTP), "a call needs an even port for RTP and the next one for RTCP, as in 10000-20000")
	}
	return nil
}

// portArguments are the flags that the other end needs where ports are not the usual ones.
func (f portFlags) portArguments() string {
	var out string
	for _, p := range []struct {
		name     string
		is, want uint16
	}{{"udp", f.SIPUDP, 5060}, {"tcp", f.SIPTCP, 5060}, {"tls", f.SIPTLS, 5061}} {
		if p.is != p.want {
			out += fmt.Sprintf(" --sip-%s %d", p.name, p.is)
		}
	}
	return out
}

// anyPorts asks for free ports of every transport.
func anyPorts() map[sipprobe.Transport]uint16 {
	return map[sipprobe.Transport]uint16{sipprobe.UDP: 0, sipprobe.TCP: 0, sipprobe.TLS: 0}
}

// checkLink refuses an address that needs the name of a link beside it.
func checkLink(a netip.Addr) error {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return console.Hint(fmt.Errorf("%s is a link-local address, which SIP and SDP cannot name", a), "use another address of that machine")
	}
	return nil
}

// progressOn shows the events of a run on standard error.
func progressOn(s console.Streams) func(client.Event) {
	p := console.NewProgress(s.Err)
	return func(e client.Event) { p.Say(e.String()) }
}

func textOptions(s console.Streams) report.TextOptions {
	color, width := console.Terminal(s.Out, s.Getenv)
	return report.TextOptions{Color: color, Width: width}
}
