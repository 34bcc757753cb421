package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/network"
)

// describe is a device description whose WAN connections lie two devices deep.
func describe(services string) string {
	return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceList><device><deviceList><device><serviceList>` +
		services + `</serviceList></device></deviceList></device></deviceList></device></root>`
}

func serviceOf(kind, control string) string {
	return `<service><serviceType>urn:schemas-upnp-org:service:` + kind + `</serviceType><controlURL>` + control + `</controlURL></service>`
}

func told(address string) string {
	return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>` + address +
		`</NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>`
}

// TestUPnP asks a server that behaves as a router does.
func TestUPnP(t *testing.T) {
	t.Parallel()
	const ip = "WANIPConnection:1"
	for name, row := range map[string]struct {
		services, answer string
		outcome, wan     string
	}{
		"told":             {serviceOf(ip, "/ctl"), told("100.64.0.10"), "told", "100.64.0.10"},
		"PPP":              {serviceOf("WANPPPConnection:1", "ctl"), told("203.0.113.10"), "told", "203.0.113.10"},
		"the second":       {serviceOf(ip, "/none") + serviceOf(ip, "/ctl"), told("203.0.113.10"), "told", "203.0.113.10"},
		"not connected":    {serviceOf(ip, "/ctl"), told("0.0.0.0"), "refused", ""},
		"empty":            {serviceOf(ip, "/ctl"), told(""), "refused", ""},
		"no XML":           {serviceOf(ip, "/ctl"), "hello", "refused", ""},
		"no connection":    {serviceOf("Layer3Forwarding:1", "/ctl"), told("203.0.113.10"), "refused", ""},
		"leads elsewhere":  {serviceOf(ip, "http://192.0.2.1/ctl"), told("203.0.113.10"), "refused", ""},
		"is no connection": {serviceOf(ip+"&quot;/>", "/ctl"), told("203.0.113.10"), "refused", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(device(t, row.services, row.answer))
			defer web.Close()
			at := router(t, func(q []byte) []byte {
				if !strings.HasPrefix(string(q), "M-SEARCH * HTTP/1.1\r\n") {
					t.Errorf("asked %q", q)
				}
				return []byte("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: " + web.URL + "/root.xml\r\n\r\n")
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			wan, err := gateway.AskUPnP(ctx, network.Host{}, at)
			check(t, gateway.Answer(evidence.UPnP, wan, err), row.outcome, row.wan)
		})
	}
}

func device(t *testing.T, services, answer string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /root.xml", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, describe(services)) })
	mux.HandleFunc("POST /ctl", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		action := r.Header.Get("SOAPAction")
		if !strings.HasSuffix(action, `Connection:1#GetExternalIPAddress"`) || !strings.Contains(string(body), "<u:GetExternalIPAddress ") {
			t.Errorf("action %s, body %s", action, body)
		}
		fmt.Fprint(w, answer)
	})
	return mux
}

// TestUPnPSilence is a link on which nobody answers the search, or only somebody who
// points elsewhere.
func TestUPnPSilence(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":   "",
		"elsewhere": "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.0.2.1/root.xml\r\n\r\n",
		"a printer": "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:Printer:1\r\nLOCATION: http://127.0.0.1/root.xml\r\n\r\n",
		"refused":   "HTTP/1.1 404 Not Found\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := router(t, func([]byte) []byte { return []byte(answer) })
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			wan, err := gateway.AskUPnP(ctx, network.Host{}, at)
			check(t, gateway.Answer(evidence.UPnP, wan, err), "silent", "")
		})
	}
}

func TestAtAsksBoth(t *testing.T) {
	t.Parallel()
	g := gateway.At(t.Context(), network.Host{}, netip.MustParseAddr("127.0.0.99"))
	if len(g.Answers) != 2 || g.Answers[0].Protocol != evidence.NATPMP || g.Answers[1].Protocol != evidence.UPnP ||
		g.Answers[0].Outcome != "silent" || g.Answers[1].Outcome != "silent" {
		t.Errorf("%+v", g)
	}
}
