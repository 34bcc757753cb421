package client_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	knocks "bothways/internal/knock"
	"bothways/internal/service"
	"bothways/scenarios"
)

// TestHeldPorts has web servers hold ports: they are asked from both ends, in their own
// protocol, and only where that is known.
func TestHeldPorts(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	web := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Server", "web of "+r.Host) })
	for at, start := range map[string]func(*httptest.Server){"127.0.0.1:23310": (*httptest.Server).Start, "127.0.0.1:23311": (*httptest.Server).StartTLS, "127.0.0.1:23312": (*httptest.Server).Start} {
		s := httptest.NewUnstartedServer(web)
		s.Listener.Close()
		l, err := net.Listen("tcp4", at)
		if err != nil {
			t.Fatal(err)
		}
		s.Listener = l
		start(s)
		defer s.Close()
	}
	held := func(port uint16, speaks scenarios.Protocol) scenarios.Check {
		c := portCheck(scenarios.Inbound, knocks.TCP, port)
		c.Port.Speaks = speaks
		return c
	}
	ev := mustRun(t.Context(), t, against(r, portChecks(held(23310, "http"), held(23311, "https"), held(23312, ""), held(23313, "http"))))
	whole(t, ev)
	for i, protocol := range []service.Protocol{service.HTTP, service.HTTPS} {
		f := ev.Checks[i].PortFacts
		if f == nil || f.Heard == nil || f.Heard.NotHung != knocks.InUse || f.Outside == nil || f.Inside == nil {
			t.Fatalf("%s: %+v", ev.Checks[i].ID, f)
		}
		for _, s := range []*service.Said{f.Outside, f.Inside} {
			if s.Outcome != service.Fits || s.Protocol != protocol || s.Software != f.Outside.Software || s.CertificateSHA256 != f.Outside.CertificateSHA256 {
				t.Errorf("%s: %+v", ev.Checks[i].ID, s)
			}
		}
	}
	if f := ev.Checks[2].PortFacts; f.Outside != nil || f.Inside != nil {
		t.Errorf("asked a port that speaks nobody knows what: %+v", f)
	}
	if f := ev.Checks[3].PortFacts; f.Outside != nil || f.Inside != nil {
		t.Errorf("asked a bell: %+v", f)
	}
	rang(t, ev.Checks[3])
}
