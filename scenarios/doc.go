// Package scenarios holds the language in which a test is written down, and the
// scenarios that ship with bothways.
//
// A scenario is a YAML file:
//
//	name: my-trunk
//	title: What our provider needs
//	checks:
//	  - id: options
//	    kind: options
//	    direction: inbound
//	    transports: [udp, tcp, tls]
//	  - id: call-in
//	    kind: call
//	    direction: inbound
//	    talk: 5s
//	    responder: {media_address: private}   # the mistake to reproduce
//	    client: {latch: never}
//	  - id: ports-in
//	    kind: sweep                           # every port, with RTP and RTCP packets
//	    direction: inbound
//	    ports: 10000-20000,30000
//	    rate: 500                             # probes a second at the start
//	    probe_bytes: 172
//
// Files are read strictly: an unknown key or an impossible value is an error that
// says where. [Load] reads one, [Named] finds those that ship, [Find] takes either.
package scenarios
