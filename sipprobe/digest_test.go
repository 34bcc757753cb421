package sipprobe_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
	"github.com/icholy/digest"
)

// A claim is how a request says that it holds the key; zero fields are right.
type claim struct {
	method, uri, algorithm, qop, key, body string
	nc                                     int
}

// authorize answers a challenge.
func authorize(t testing.TB, challenge string, c claim) string {
	t.Helper()
	chal, err := digest.ParseChallenge(field(challenge, "WWW-Authenticate"))
	if err != nil {
		t.Fatalf("%v in %q", err, challenge)
	}
	or := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	or(&c.uri, "sip:bothways")
	or(&c.key, testKey)
	or(&c.method, "OPTIONS")
	if c.qop != "" {
		chal.QOP = []string{c.qop}
	}
	if c.algorithm != "" {
		chal.Algorithm = c.algorithm
	}
	creds, err := digest.Digest(chal, digest.Options{
		Method: c.method, URI: c.uri, Count: max(c.nc, 1), Username: "me", Password: c.key, Cnonce: "abcd",
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c.body)), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: " + creds.String()
}

func one(t testing.TB, got []string) string {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("%d answers: %q", len(got), got)
	}
	return got[0]
}

const (
	good  = "SIP/2.0 200 user me"
	wrong = "SIP/2.0 401 Unauthorized"
)

func TestCredentials(t *testing.T) {
	for name, row := range map[string]struct {
		method, body string
		claim        claim
		want         string
	}{
		"right":             {"OPTIONS", "", claim{}, good},
		"wrong key":         {"OPTIONS", "", claim{key: "guess"}, wrong},
		"wrong uri":         {"OPTIONS", "", claim{uri: "sip:x@192.0.2.1"}, wrong},
		"weaker algorithm":  {"OPTIONS", "", claim{algorithm: "MD5"}, wrong},
		"other qop":         {"OPTIONS", "", claim{qop: "auth-int"}, wrong},
		"other method":      {"INFO", "", claim{method: "OPTIONS"}, wrong},
		"order":             {"MESSAGE", "do this", claim{method: "MESSAGE", body: "do this"}, good},
		"order, weaker qop": {"MESSAGE", "do this", claim{method: "MESSAGE", body: "do this", qop: "auth"}, wrong},
		"order, tampered":   {"MESSAGE", "do that", claim{method: "MESSAGE", body: "do this"}, wrong},
		"offer, rewritten":  {"INVITE", "c=IN IP4 203.0.113.1", claim{method: "INVITE", body: "c=IN IP4 10.0.0.1"}, good},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, sipprobe.GuardConfig{}, func(t *testing.T, peer *node, _ *sipprobe.Tape) {
				challenge := one(t, peer.say(serverAt, request(row.method, "a", "body="+row.body)))
				got := peer.say(serverAt, request(row.method, "b", authorize(t, challenge, row.claim), "body="+row.body))
				if d := cmp.Diff([]string{row.want}, firsts(got)); d != "" {
					t.Error(d)
				}
				if strings.Contains(field(got[0], "WWW-Authenticate"), "stale") {
					t.Error("a wrong key was called stale")
				}
				if proof := field(got[0], "Authentication-Info"); (proof != "") != (row.want == good) {
					t.Errorf("proof %q", proof)
				}
			})
		})
	}
}

func TestReplay(t *testing.T) {
	for name, row := range map[string]struct {
		branch string
		wait   time.Duration
		from   string
		nc     int
		want   string
	}{
		"retransmission":       {"b", 0, peerAddr, 1, good},
		"late retransmission":  {"b", 31 * time.Second, peerAddr, 1, good},
		"replay":               {"c", 0, peerAddr, 1, wrong},
		"replay, same branch":  {"b", 33 * time.Second, peerAddr, 1, wrong},
		"next count":           {"c", 0, peerAddr, 2, good},
		"expired":              {"c", sipprobe.NonceLife + time.Second, peerAddr, 2, wrong},
		"from another address": {"c", 0, "198.51.100.8:5060", 2, wrong},
		"from another port":    {"c", 0, "198.51.100.7:6060", 2, good},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, sipprobe.GuardConfig{}, func(t *testing.T, peer *node, _ *sipprobe.Tape) {
				challenge := one(t, peer.say(serverAt, request("OPTIONS", "a")))
				first := one(t, peer.say(serverAt, request("OPTIONS", "b", authorize(t, challenge, claim{}))))
				time.Sleep(row.wait)
				if row.from != peerAddr {
					peer = peer.net.node(row.from)
				}
				again := one(t, peer.say(serverAt, request("OPTIONS", row.branch, authorize(t, challenge, claim{nc: row.nc}))))
				if d := cmp.Diff([]string{good, row.want}, firsts([]string{first, again})); d != "" {
					t.Fatal(d)
				}
				if row.want == wrong && !strings.Contains(field(again, "WWW-Authenticate"), "stale=true") {
					t.Error("the right key was not told that its nonce is stale")
				}
			})
		})
	}
}

func TestForgedNonce(t *testing.T) {
	served(t, sipprobe.GuardConfig{}, func(t *testing.T, peer *node, _ *sipprobe.Tape) {
		challenge := one(t, peer.say(serverAt, request("OPTIONS", "a")))
		nonce, _, _ := strings.Cut(challenge[strings.Index(challenge, `nonce="`)+7:], `"`)
		for _, forged := range []string{"", "x", "AAAA" + nonce[4:], nonce[:len(nonce)-2] + "AA", nonce + "AAAA"} {
			c := strings.Replace(challenge, nonce, forged, 1)
			got := one(t, peer.say(serverAt, request("OPTIONS", "b", authorize(t, c, claim{}))))
			if !strings.HasPrefix(got, wrong) {
				t.Errorf("%q: %q", forged, got)
			}
		}
	})
}

// Knowing the Call-ID of a call must not be worth as much as the key.
func TestCallIDIsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var served []string
		m.endpoint(t, serverAddr, sipprobe.EndpointConfig{
			Key: testKey, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey, AnswerAnyone: true}),
			Serve: func(in *sipprobe.Incoming) {
				served = append(served, in.Method+" of "+in.User)
				if in.Method == "INVITE" {
					in.Accept(t.Context(), "srv", nil)
				}
			},
		})
		peer := m.node(peerAddr)
		ok := peer.say(serverAt, request("INVITE", "a"))
		if d := cmp.Diff([]string{"SIP/2.0 200 OK"}, firsts(ok)); d != "" {
			t.Fatal(d)
		}
		forged := `Authorization: Digest username="admin", realm="bothways", nonce="x", uri="sip:bothways", response="00", algorithm=SHA-256, cnonce="a", qop=auth-int, nc=00000001`
		order := strings.Replace(request("MESSAGE", "b", forged, "body={}"), "raw-b", "raw-a", 1)
		order = strings.Replace(order, "To: <sip:x@192.0.2.1>", "To: "+field(ok[0], "To"), 1)
		if d := cmp.Diff([]string{wrong}, firsts(peer.say(serverAt, order))); d != "" {
			t.Error(d)
		}
		bye := strings.ReplaceAll(strings.ReplaceAll(order, "MESSAGE", "BYE"), "z9hG4bKb", "z9hG4bKc")
		got := one(t, peer.say(serverAt, bye))
		if proof := field(got, "Authentication-Info"); proof != "" {
			t.Errorf("an oracle for the key: %q", proof)
		}
		if d := cmp.Diff([]string{"INVITE of "}, served); d != "" {
			t.Error(d)
		}
	})
}

func TestNonces(t *testing.T) {
	now := time.Now()
	n := sipprobe.NewNonces()
	first := n.Issue("192.0.2.1", now)
	if again := n.Issue("192.0.2.1", now); again == first {
		t.Error("two nonces alike")
	}
	if !n.Fresh(first, "192.0.2.1", now) || n.Fresh(first, "192.0.2.2", now) || !n.Fresh(first, "::ffff:192.0.2.1", now) {
		t.Error("a nonce is not bound to its source")
	}
	if !n.UseOnce(first, 1, "a", now) || n.UseOnce(first, 1, "a", now) || !n.UseOnce(first, 2, "a", now) {
		t.Error("over a stream each count is good for one request")
	}
	for i := range 3 * sipprobe.MaxNonces {
		at := now.Add(time.Duration(i) * time.Millisecond)
		if nonce := n.Issue("192.0.2.1", at); !n.Use(nonce, 1, "a", at) {
			t.Fatalf("nonce %d is refused", i)
		}
	}
	if n.Remembered() > sipprobe.MaxNonces {
		t.Errorf("%d nonces are remembered", n.Remembered())
	}
	if n.Use(first, 3, "a", now) {
		t.Error("a nonce that was forgotten can be replayed")
	}
}

// TestNoncesOutliveAClockThatIsSet: who is challenged once the clock was set back can answer.
func TestNoncesOutliveAClockThatIsSet(t *testing.T) {
	now := time.Now()
	n := sipprobe.NewNonces()
	n.Issue("192.0.2.1", now)
	for _, step := range []time.Duration{-time.Hour, time.Hour} {
		now = now.Add(step)
		if nonce := n.Issue("192.0.2.1", now); !n.Fresh(nonce, "192.0.2.1", now) || !n.Use(nonce, 1, "a", now) {
			t.Errorf("set by %v: a new nonce is refused", step)
		}
	}
}

func TestStatelessReplyKeepsTheRequestsBytes(t *testing.T) {
	msg := lines("OPTIONS sip:x SIP/2.0", "v:  SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa ; rport;ttl=1", "Via: SIP/2.0/TCP second",
		"f : \"A;tag=b\" <sip:a>;tag=1", "To:<sip:b;tag=no>", " ;x=y", "i: 1", "Cseq:  7 OPTIONS", "X: dropped", "", "")
	got := sipprobe.StatelessReply(msg, serverAt, "401 Unauthorized", "X-More: 1", "s")
	tag := got[strings.LastIndex(got, "tag=")+4:][:8]
	want := lines("SIP/2.0 401 Unauthorized", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa ;rport=5060;ttl=1;received=192.0.2.1",
		"Via: SIP/2.0/TCP second", "f : \"A;tag=b\" <sip:a>;tag=1", "To:<sip:b;tag=no>", " ;x=y;tag="+tag, "i: 1",
		"Cseq:  7 OPTIONS", "X-More: 1", "Server: s", "Content-Length: 0", "", "")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !bytes.Equal([]byte(got), []byte(sipprobe.StatelessReply(msg, serverAt, "401 Unauthorized", "X-More: 1", "s"))) {
		t.Error("a retransmission gets another answer")
	}
}
