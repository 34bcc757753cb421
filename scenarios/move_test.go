package scenarios_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

const lively = `name: x
title: A title
checks:
  - id: call
    kind: call
    direction: outbound
    transports: [udp]
    talk: 12s
    setup: {early_media: 2s, ring: 500ms}
    session_timer: {expires: 90s, refresher: called}
    hangup: called
    moves:
      - {at: 2s, by: client, do: hold}
      - {at: 4s, by: client, do: resume}
      - {at: 6s, by: caller, do: reinvite, media: new-port}
      - {at: 8s, by: responder, do: update}
`

func TestMoves(t *testing.T) {
	s, err := scenarios.Load("x.yaml", strings.NewReader(lively))
	if err != nil {
		t.Fatal(err)
	}
	got := *s.Checks[0].Call
	want := got
	want.Setup = scenarios.Setup{EarlyMediaMs: 2000, RingMs: 500}
	want.SessionTimer = scenarios.SessionTimer{ExpiresMs: 90_000, Refresher: scenarios.ClientSide, Method: scenarios.UpdateMove}
	want.Hangup = scenarios.ClientSide
	want.Moves = []scenarios.Move{
		{AtMs: 2000, By: scenarios.ClientSide, Do: scenarios.HoldMove, How: scenarios.SendOnlyHold},
		{AtMs: 4000, By: scenarios.ClientSide, Do: scenarios.ResumeMove},
		{AtMs: 6000, By: scenarios.ResponderSide, Do: scenarios.ReinviteMove, Media: scenarios.NewPortMedia},
		{AtMs: 8000, By: scenarios.ResponderSide, Do: scenarios.UpdateMove},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	data, err := json.Marshal(got)
	var again scenarios.Call
	if err != nil || json.Unmarshal(data, &again) != nil || cmp.Diff(got, again) != "" {
		t.Errorf("%s: %v", data, err)
	}
	if short, err := s.With(scenarios.Overrides{Talk: 1e9}); err != nil || short.Checks[0].Call.TalkMs != 12_000 {
		t.Errorf("shortened to %d ms, %v", short.Checks[0].Call.TalkMs, err)
	}
}

func TestMovesAreExplained(t *testing.T) {
	for _, row := range []struct{ from, to, want string }{
		{"do: resume", "do: hold", `moves[1].do: the client cannot hold here`},
		{"{at: 2s, by: client, do: hold}", "{at: 2s, by: client, do: resume}", "moves[0].do: the client cannot resume here"},
		{"at: 4s, by: client, do: resume", "at: 2500ms, by: client, do: resume", "moves[1].at: 2.5s is not 1s or more after"},
		{"at: 8s", "at: 11500ms", "before the end of the talk"},
		{"at: 2s, by: client, do: hold", "at: 0s, by: client, do: hold", "moves[0].at: 0s is not 1s or more after the answer"},
		{"at: 8s", "at: soon", `at: "soon" is not a duration`},
		{"by: caller", "by: nobody", `moves[2].by: "nobody" is none of caller, called, client, responder`},
		{"do: hold}", "do: hold, how: music}", `how: "music" is none of sendonly, inactive, zero-address`},
		{"do: resume}", "do: resume, how: sendonly}", "how: it belongs to holds"},
		{"do: resume}", "do: resume, media: same}", "media: it belongs to reinvite and update"},
		{"media: new-port", "media: elsewhere", `media: "elsewhere" is none of same, new-port, second`},
		{"do: update", "do: refer", `do: "refer" is none of hold`},
		{"early_media: 2s", "early_media: 2m", "setup.early_media: 2m0s is not between 0 and 10s"},
		{"early_media: 2s", "offer_bytes: 799", "setup.offer_bytes: 799 is not between 800 and 4000 bytes"},
		{"early_media: 2s", "offer_bytes: 1800, delayed_offer: true", "setup.offer_bytes: it is about the offer in the INVITE"},
		{"early_media: 2s", "early_media: 2s, delayed_offer: true", "leave delayed_offer out"},
		{"expires: 90s", "expires: 5s", "session_timer.expires: 5s"},
		{"expires: 90s", "expires: 90s, method: info", `session_timer.method: "info"`},
		{"hangup: called", "hangup: both", `hangup: "both"`},
		{"talk: 12s", "talk: 12s\n    pause: 2s", "a call with moves has none"},
		{"    kind: call\n", "    kind: options\n", "setup: belongs to checks of kind call"},
		{"do: hold}", "do: hold, why: music}", "why"},
	} {
		if !strings.Contains(lively, row.from) {
			t.Fatalf("no %q to change", row.from)
		}
		_, err := scenarios.Load("x.yaml", strings.NewReader(strings.Replace(lively, row.from, row.to, 1)))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.to, err, row.want)
		}
	}
}
