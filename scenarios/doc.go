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
//	  - id: certificate
//	    kind: tls                             # versions and certificates of a TLS port
//	    direction: inbound
//	    port: 5061                            # left out: that of SIP over TLS
//	    server_name: pbx.example.com          # left out: the name that was dialled
//	    min_version: "1.2"
//	    min_days_left: 14
//	    trust: public                         # any: self-signed certificates pass
//	  - id: web-in
//	    kind: port                            # one port beside SIP and audio
//	    direction: inbound
//	    transports: [tcp]                     # which must be named: tcp, udp or both
//	    port: 443
//	    purpose: web interface
//	  - id: nat-out
//	    kind: nat                             # outbound the site's NAT, inbound the client's own
//	    direction: outbound
//	  - id: size-in
//	    kind: size                            # SIP messages of rising size
//	    direction: inbound
//	    sizes: [400, 1472, 1500, 4000]
//	  - id: dscp-in
//	    kind: dscp                            # marks for the priority of voice
//	    direction: inbound
//
// Files are read strictly: an unknown key or an impossible value is an error that
// says where. [Load] reads one, [Named] finds those that ship, [Find] takes either.
package scenarios
