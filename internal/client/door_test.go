package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// knock connects to a client that waits, as somebody with that key, says something and
// returns what came of it.
func knock(t *testing.T, at netip.AddrPort, key, contentType string, body any) sipprobe.Exchange {
	t.Helper()
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.TLS, Key: key})
	if err != nil {
		t.Error(err)
		return sipprobe.Exchange{}
	}
	defer e.Close()
	conn, err := tls.Dial("tcp", at.String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Error(err)
		return sipprobe.Exchange{}
	}
	if err := e.Adopt(conn); err != nil {
		t.Error(err)
	}
	data, err := pairing.Encode(body)
	if err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return e.Message(ctx, sipprobe.Target{Peer: at, Token: "knock"}, contentType, pairing.Encoding, data)
}

// TestStrangersComeFirst lets in whoever holds the key, after others who do not.
func TestStrangersComeFirst(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := unforwarded(t, callCheck("out", scenarios.Outbound, sipprobe.UDP, time.Second, nil))
	onWaiting(t, &cfg, func(at netip.AddrPort) {
		silent, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { silent.Close() })
		here := pairing.Presence{Instance: "stranger"}
		if x := knock(t, at, "other", pairing.ContentType, here); x.Outcome != sipprobe.WrongKey {
			t.Errorf("another key: %+v", x)
		}
		if x := knock(t, at, "", pairing.ContentType, here); x.Status != 401 {
			t.Errorf("no key: %+v", x)
		}
		if x := knock(t, at, "k", otherVersion, here); x.Status != 415 || x.Accepts != pairing.ContentType {
			t.Errorf("another version: %+v", x)
		}
		x := knock(t, at, "k", pairing.ContentType, pairing.Presence{})
		var reply pairing.Reply
		if err := pairing.Decode(x.Body(), &reply); err != nil || !strings.Contains(reply.Error, "bad instance") {
			t.Errorf("no instance: %+v, %v", reply, err)
		}
		dialling(t, r, at)
	})
	ev := mustRun(t.Context(), t, cfg)
	fromInside(t, ev)
	heardBothWays(t, ev.Checks[0])
}

// TestTheFirstLeaves lets another one in when who came first is gone at once.
func TestTheFirstLeaves(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := unforwarded(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	onWaiting(t, &cfg, func(at netip.AddrPort) {
		if x := knock(t, at, "k", pairing.ContentType, pairing.Presence{Instance: "gone"}); x.Outcome != sipprobe.Accepted {
			t.Errorf("%+v", x)
		}
		dialling(t, r, at)
	})
	if ev := mustRun(ctx, t, cfg); ev.Pairing.FromInside == nil || ev.Run.Responder == nil {
		t.Errorf("%+v", ev.Pairing)
	}
}

func TestTurnedAway(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ key, contentType, want string }{
		"wrong key":     {"other", pairing.ContentType, "127.0.0.1 came without the key"},
		"other version": {"k", otherVersion, "127.0.0.1 speaks version 9 of the protocol, this client version 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := unforwarded(t)
			cfg.Wait = 2 * time.Second
			onWaiting(t, &cfg, func(at netip.AddrPort) { knock(t, at, row.key, row.contentType, pairing.Presence{Instance: "x"}) })
			_, err := client.Run(t.Context(), cfg)
			if !errors.Is(err, client.ErrNobodyCame) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// TestWrongKeyEndsTheDial and leaves the client waiting.
func TestWrongKeyEndsTheDial(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.Key = "other" })
	cfg := unforwarded(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	onWaiting(t, &cfg, func(at netip.AddrPort) {
		if err := r.Dial(ctx, at); !errors.Is(err, sipprobe.ErrWrongKey) {
			t.Errorf("Dial: %v", err)
		}
		stop()
	})
	if _, err := client.Run(ctx, cfg); !errors.Is(err, client.ErrNobodyCame) {
		t.Errorf("err = %v", err)
	}
}
