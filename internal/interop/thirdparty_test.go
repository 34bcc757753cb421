package interop_test

import (
	"net/netip"
	"testing"
	"time"

	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// TestAudioGoesToNoThirdParty has somebody with the key ask for audio to a host that
// has not.
func TestAudioGoesToNoThirdParty(t *testing.T) {
	t.Parallel()
	for _, transport := range sipprobe.Transports() {
		t.Run(string(transport), func(t *testing.T) {
			r := start(t, nil)
			victim := packetConn(t, third)
			a := paired(t, r, transport, nil)
			call, _ := a.call(t, addressOfConn(victim))
			nothing(t, victim, "the third party")
			call.Bye(t.Context())
		})
	}
}

// TestRTPPortsAreSilentToStrangers sends audio without the call's tag into a call.
func TestRTPPortsAreSilentToStrangers(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	own, stranger, neighbour := packetConn(t, loopback), packetConn(t, third), packetConn(t, loopback)
	a := paired(t, r, sipprobe.UDP, nil)
	call, answer := a.call(t, addressOfConn(own))
	rtp := append([]byte{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4}, make([]byte, 160)...)
	rtcp := []byte{0x80, 201, 0, 1, 1, 2, 3, 4}
	for range 20 {
		for _, c := range []interface {
			WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error)
		}{stranger, neighbour} {
			c.WriteToUDPAddrPort(rtp, answer.Address)
			c.WriteToUDPAddrPort([]byte("anything"), answer.Address)
			c.WriteToUDPAddrPort(rtcp, netip.AddrPortFrom(answer.Address.Addr(), answer.Address.Port()+1))
		}
	}
	nothing(t, stranger, "a stranger")
	nothing(t, neighbour, "a stranger on the client's host")
	own.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := own.Read(make([]byte, 1500)); err != nil {
		t.Error("the client's own audio has gone")
	}
	call.Bye(t.Context())
}

// TestDialogStaysWithTheClient names a third host in Contact and Via; the responder
// ends the call, and its BYE must not go there.
func TestDialogStaysWithTheClient(t *testing.T) {
	t.Parallel()
	for _, transport := range sipprobe.Transports() {
		t.Run(string(transport), func(t *testing.T) {
			r := start(t, nil)
			victim, media := packetConn(t, third), packetConn(t, loopback)
			a := paired(t, r, transport, func(c *sipprobe.EndpointConfig) { c.Advertise = addressOfConn(victim) })
			call, _ := a.call(t, addressOfConn(media))
			a.order(t, pairing.Order{End: true})
			if !networktest.Eventually(time.Minute, func() bool {
				select {
				case <-call.Ended():
					return true
				default:
					return false
				}
			}) {
				t.Error("no BYE came to the client")
			}
			nothing(t, victim, "the host in Contact and Via")
		})
	}
}
