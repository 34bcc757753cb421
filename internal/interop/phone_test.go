package interop_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// A phone is baresip without a sound card: it speaks a tone from a file, and records
// what it hears in another.
type phone struct {
	at  netip.AddrPort // UDP and TCP; TLS is on the next port
	dir string
	cmd *exec.Cmd
	say io.Writer // commands, as on its keyboard
	out *output
}

// phoneConfig is the phone's whole configuration; it looks for no devices and no network.
const phoneConfig = `sip_listen %[1]s
sip_certificate %[2]s/phone.pem
net_interface %[3]s
audio_source aufile,%[2]s/says.wav
audio_player aubridge,nobody
audio_alert aubridge,nobody
ausrc_srate 8000
auplay_srate 8000
module_path %[4]s
module stdio.so
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
snd_path %[2]s
ringback_disabled yes
`

// startPhone starts a phone that answers by itself. Its ports are free when they are
// chosen, and may be taken when it wants them: then it gets others.
func startPhone(t *testing.T, host netip.Addr, tone rtpprobe.Tone, codec rtpprobe.Codec) *phone {
	t.Helper()
	baresip := peer(t, "baresip", "baresip-core")
	for range 3 {
		p := newPhone(t, baresip, host, tone, codec)
		if networktest.Eventually(10*time.Second, func() bool { return p.out.has("is ready", "in use", "failed") }) && p.out.has("is ready") {
			return p
		}
		t.Log(p.out)
	}
	t.Fatal("baresip does not start")
	return nil
}

func newPhone(t *testing.T, baresip string, host netip.Addr, tone rtpprobe.Tone, codec rtpprobe.Codec) *phone {
	t.Helper()
	p := &phone{at: netip.AddrPortFrom(host, free(t).Port()), dir: t.TempDir(), out: new(output), cmd: exec.Command(baresip, "-s", "-f", ".")}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("config", fmt.Sprintf(phoneConfig, p.at, p.dir, p.at.Addr(), modules(t)))
	write("accounts", fmt.Sprintf("<sip:phone@%s>;regint=0;answermode=auto;audio_codecs=%s/8000/1\n", p.at, strings.ToLower(codec.String())))
	write("phone.pem", certificate(t, p.at.Addr()))
	write("says.wav", string(wav(tone, 60*time.Second)))
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, p.out, p.out
	var err error
	if p.say, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		if t.Failed() {
			t.Logf("baresip says:\n%s", p.out)
		}
	})
	return p
}

// modules is where Debian has baresip's: on some architectures below another directory.
func modules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Fatal("baresip has no modules")
	return ""
}

func certificate(t *testing.T, at netip.Addr) string {
	t.Helper()
	pair, err := network.SelfSigned("phone", []netip.Addr{at})
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

// dial calls somebody.
func (p *phone) dial(t *testing.T, to netip.AddrPort, transport sipprobe.Transport) {
	t.Helper()
	fmt.Fprintf(p.say, "/dial sip:anyone@%s;transport=%s\n", to, transport)
	if !networktest.Eventually(time.Minute, func() bool { return p.out.has("Call established") }) {
		t.Fatal("no call")
	}
}

func (p *phone) hangUp() { fmt.Fprintln(p.say, "/hangup") }

// reach is where the phone takes calls over a transport.
func (p *phone) reach(transport sipprobe.Transport) netip.AddrPort {
	if transport == sipprobe.TLS {
		return netip.AddrPortFrom(p.at.Addr(), p.at.Port()+1)
	}
	return p.at
}

// connect gives an endpoint a connection to the phone, over TLS without a look at its
// certificate.
func (p *phone) connect(t *testing.T, e *sipprobe.Endpoint) {
	t.Helper()
	if e.Transport() == sipprobe.UDP {
		return
	}
	c, err := network.Host{}.Dial(t.Context(), p.reach(e.Transport()))
	if err == nil && e.Transport() == sipprobe.TLS {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	if err == nil {
		err = e.Adopt(c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// hears waits until the phone has recorded some of a tone, and says how much of the
// recording is that tone.
func (p *phone) hears(t *testing.T, tone rtpprobe.Tone, atLeast time.Duration) (heard, recorded time.Duration) {
	t.Helper()
	networktest.Eventually(atLeast+10*time.Second, func() bool {
		files, _ := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav"))
		if len(files) != 1 {
			return false
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		heard, recorded = toneIn(samplesOf(data), tone)
		return heard >= atLeast
	})
	return heard, recorded
}

// An output is what a program has said so far.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write takes some more.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

// String is all of it.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) has(any ...string) bool {
	all := o.String()
	for _, s := range any {
		if strings.Contains(all, s) {
			return true
		}
	}
	return false
}
