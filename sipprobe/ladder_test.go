package sipprobe_test

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"bothways/sipprobe"
)

var ladderSizes = []int{300, 600, 1200, 1472, 1500, 4000}

// Every size arrives byte for byte at a far end that challenges it, and the datagrams
// are as large as they were meant to be.
func TestLadderOverUDP(t *testing.T) {
	for name, loses := range map[string]int{"all pass": 1 << 16, "above 1472 none does": 1472} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.pass = func(_, _ netip.AddrPort, data string) bool { return len(data) <= loses }
			server := guarded(answer200)
			server.Tape = &sipprobe.Tape{}
			m.endpoint(t, serverAddr, server)
			client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: testKey})
			rungs, err := client.Climb(t.Context(), sipprobe.Target{Peer: serverAt, Token: "run-size"}, ladderSizes, nil)
			if err != nil || len(rungs) != len(ladderSizes)+1 || rungs[len(ladderSizes)].Token != "run-size-300-again" {
				t.Fatalf("%s: %v, %+v", name, err, rungs)
			}
			for i, r := range rungs {
				size := append(ladderSizes, 300)[i]
				arrived := server.Tape.Records(r.Token + "\r\n")
				switch {
				case r.Bytes != size || r.Connection != 0 || r.Error != "":
					t.Errorf("%s: %d: %+v", name, size, r)
				case r.Bytes > loses && (r.Copies != 3 || r.Status != 0 || len(arrived) != 0):
					t.Errorf("%s: %+v arrived", name, r)
				case r.Bytes <= loses && (r.Copies != 1 || r.Status != 200 || len(arrived) != 2 || len(arrived[0].Data) != r.Bytes || len(arrived[1].Data) > r.Bytes):
					t.Errorf("%s: %+v, on the far tape %d times", name, r, len(arrived))
				}
			}
		})
	}
}

// A ladder proves that its sender holds the key. Who does not is challenged, or hears
// nothing where the challenge would be longer than the question.
func TestLadderNeedsTheKey(t *testing.T) {
	for name, row := range map[string]struct {
		key           string
		status, large int
	}{"the key": {testKey, 200, 200}, "another": {"another", 0, 401}} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			server := guarded(answer200)
			server.Tape = &sipprobe.Tape{}
			m.endpoint(t, serverAddr, server)
			client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: row.key})
			token := "c13ddce59e242cd7-size-out-udp-whole" // as long as they come
			rungs, err := client.Climb(t.Context(), sipprobe.Target{Peer: serverAt, Token: token}, []int{300, 1000}, nil)
			if err != nil || rungs[0].Bytes != 300 || rungs[0].Status != row.status || rungs[2].Bytes != 300 || rungs[1].Status != row.large {
				t.Errorf("%s: %v, %+v", name, err, rungs)
			}
			for _, r := range rungs {
				for _, record := range server.Tape.Records(r.Token + "\r\n") {
					if len(record.Data) > r.Bytes {
						t.Errorf("%s: an answer of %d bytes to %d", name, len(record.Data), r.Bytes)
					}
				}
			}
		})
	}
}

// What is sent cannot be made much smaller, so that its size is what it says.
func TestLadderCannotBeCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		if _, err := client.Climb(t.Context(), sipprobe.Target{Peer: serverAt, Token: "run-size"}, []int{4000}, nil); err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w, _ := flate.NewWriter(&packed, flate.BestCompression)
		io.WriteString(w, m.flights()[0].data)
		w.Close()
		if packed.Len() < 2900 {
			t.Errorf("4000 bytes pack into %d", packed.Len())
		}
	})
}

// refusing is a socket that takes no datagram above a size, as one does that must not fragment.
type refusing struct {
	net.PacketConn
	most int
	err  error
}

func (r refusing) WriteTo(b []byte, to net.Addr) (int, error) {
	if len(b) > r.most {
		return 0, &net.OpError{Op: "write", Err: r.err}
	}
	return r.PacketConn.WriteTo(b, to)
}

func TestLadderThatMustNotFragment(t *testing.T) {
	for err, want := range map[error]bool{sipprobe.MessageSize: true, sipprobe.WSAMessageSize: true, net.ErrClosed: false} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.endpoint(t, serverAddr, guarded(answer200))
			client, failed := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: refusing{m.node(clientAddr), 1400, err}})
			if failed != nil {
				t.Fatal(failed)
			}
			defer client.Close()
			rungs, _ := client.Climb(t.Context(), sipprobe.Target{Peer: serverAt, Token: "df"}, []int{1400, 1500}, nil)
			if rungs[0].Status != 401 || rungs[0].TooLarge {
				t.Errorf("%+v", rungs[0])
			}
			if r := rungs[1]; r.TooLarge != want || r.Copies != 0 || r.Error == "" {
				t.Errorf("%v: %+v", err, r)
			}
		})
	}
}

// hole is a connection that says nothing any more once a large message was written to it,
// as one does whose segments vanish.
type hole struct {
	net.Conn
	most  int
	stuck bool
}

func (h *hole) Write(b []byte) (int, error) {
	if h.stuck = h.stuck || len(b) > h.most; h.stuck {
		return len(b), nil
	}
	return h.Conn.Write(b)
}

// A connection that stalls is tried again, twice, and what follows on it is not.
func TestLadderOverConnections(t *testing.T) {
	for _, transport := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		for most, want := range map[int][]sipprobe.Rung{
			1 << 20: {{Bytes: 600, Connection: 1, Status: 401}, {Bytes: 1500, Connection: 1, Status: 401}, {Bytes: 16384, Connection: 1, Status: 401}},
			1472: {{Bytes: 600, Connection: 1, Status: 401}, {Bytes: 1500, Connection: 1},
				{Bytes: 600, Connection: 2, Status: 401}, {Bytes: 1500, Connection: 2}, {Bytes: 600, Connection: 3, Status: 401}},
		} {
			t.Run(fmt.Sprint(transport, most), func(t *testing.T) {
				t.Parallel()
				got := climbed(t, setting{transport, "127.0.0.1"}, most)
				if len(got) != len(want) {
					t.Fatalf("%+v", got)
				}
				seen := make(map[string]bool)
				for i, r := range got {
					if w := want[i]; r.Bytes != w.Bytes || r.Connection != w.Connection || r.Status != w.Status || r.Copies != 1 || seen[r.Token] {
						t.Errorf("%+v, want %+v", r, w)
					}
					seen[r.Token] = true
				}
			})
		}
	}
}

// climbed is a ladder over connections that stall above a size.
func climbed(t *testing.T, s setting, most int) []sipprobe.Rung {
	t.Helper()
	server := s.listen(t, guarded(answer200))
	client, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: s.transport})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fresh := func(context.Context) error {
		return client.Adopt(&hole{Conn: open(t, s.transport, server.Local()), most: most})
	}
	got, err := client.Climb(t.Context(), sipprobe.Target{Peer: server.Local(), Token: "run-size"}, []int{600, 1500, 16384}, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
