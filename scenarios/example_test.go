package scenarios_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A scenario of one's own is read, and its OPTIONS are asked of a SIP server by a probe
// of sipprobe. What has no probe is skipped, and is no pass.
func ExampleScenario_Run() {
	file := `
name: mine
extends: quick
variables:
  agent: {type: text, default: nobody}
remove: [call-out]
checks:
  - id: options
    transports: [udp]
    purpose: "asked by ${agent}"
`
	loader := scenarios.Loader{Set: map[string]string{"agent": "alice"}}
	s, err := loader.Load("mine.yaml", strings.NewReader(file))
	if err != nil {
		log.Fatal(err)
	}
	server, err := endpoint("server/1")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := endpoint("client/1")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	outcomes := s.Run(context.Background(), map[scenarios.Kind]scenarios.Probe{
		scenarios.Options: func(ctx context.Context, c scenarios.Check) (any, error) {
			return client.Options(ctx, sipprobe.Target{Peer: server.Local(), Token: "run-1"}), nil
		},
	})
	for _, o := range outcomes {
		switch saw := o.Saw.(type) {
		case sipprobe.Exchange:
			fmt.Printf("%s (%s): %s\n", o.Check.ID, o.Check.Purpose, saw.Outcome)
		default:
			fmt.Printf("%s: skipped, %s\n", o.Check.ID, o.Skipped)
		}
	}
	// Output:
	// options-udp (asked by alice): accepted
	// call-in-udp: skipped, no probe for checks of kind call
}

// endpoint is a SIP endpoint on a free port of the loopback address.
func endpoint(software string) (*sipprobe.Endpoint, error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	const key = "correct horse"
	return sipprobe.Start(sipprobe.EndpointConfig{
		Transport: sipprobe.UDP, PacketConn: conn, Software: software, Key: key, User: "alice",
		Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: key}),
		Serve: func(in *sipprobe.Incoming) { in.Reply(200, "OK", sipprobe.Body{}) },
	})
}

// What is wrong with a file is told with its place, what was expected and the nearest word.
func ExampleLoad() {
	_, err := scenarios.Load("mine.yaml", strings.NewReader(`
name: mine
checks:
  - id: call
    kind: call
    direction: inbuond
    talk: 5
`))
	fmt.Println(err)
	// Output:
	// mine.yaml:6:16: direction: "inbuond" is none of inbound, outbound; did you mean "inbound"?
}

// A scenario may extend a file that is not on this machine's disk.
func ExampleLoader() {
	files := map[string]string{
		"base.yaml": "name: base\nchecks:\n  - {id: sip, kind: options, direction: inbound, transports: [udp]}\n",
		"ours.yaml": "name: ours\nextends: ./base.yaml\nchecks:\n  - {id: sip, transports: [tls]}\n",
	}
	loader := scenarios.Loader{Open: func(path string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files[strings.TrimPrefix(path, "./")])), nil
	}}
	s, err := loader.Find("./ours.yaml")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range s.Checks {
		fmt.Println(c.ID, c.From(), "begins")
	}
	// Output: sip-tls client begins
}
