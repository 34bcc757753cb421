package sipprobe_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"bothways/sipprobe"
)

// Two endpoints on loopback prove to each other that they hold the same key.
func Example() {
	const key = "correct horse"
	here, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	there, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server, err := sipprobe.Start(sipprobe.EndpointConfig{
		Transport: sipprobe.UDP, PacketConn: there, Software: "server/1",
		Key: key, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: key}),
		Serve: func(in *sipprobe.Incoming) {
			fmt.Println(in.Method, "from", in.User)
			in.Reply(200, "OK", sipprobe.Body{})
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: here, Key: key, User: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	x := client.Options(context.Background(), sipprobe.Target{Peer: server.Local(), Token: "probe-1"})
	fmt.Println(x.Outcome, x.Status, "by", x.Server)
	for _, e := range x.Events {
		fmt.Println(map[bool]string{true: "sent", false: "received"}[e.Sent], e.What)
	}
	// Output:
	// OPTIONS from alice
	// accepted 200 by server/1
	// sent OPTIONS
	// received 401
	// sent OPTIONS
	// received 200
}
