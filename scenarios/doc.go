// Package scenarios holds the language in which a test is written down, and the
// scenarios that ship with bothways. docs/scenarios.md is the language on one page.
//
// A scenario is a YAML file:
//
//	name: my-trunk
//	title: What our provider needs
//	extends: quick                            # this file is the difference
//	variables:
//	  web: {type: port, default: 443}         # --set web=8443
//	checks:
//	  - id: call-in
//	    talk: 5s
//	    responder: {media_address: private}   # the mistake to reproduce, see below
//	  - id: web-in
//	    kind: port                            # one port beside SIP and audio
//	    direction: inbound
//	    transports: [tcp]
//	    port: ${web}
//	    purpose: web interface
//
// Files are read strictly: what is wrong is [Errors], each with its file, line and
// column, what was expected and the nearest word. [Load] reads a scenario, [Named] finds
// those that ship, [Find] takes either; a [Loader] does the same with variables set and
// with files from elsewhere. [Schema] is for editors.
//
// # Calls
//
// A call says how each side behaves, the site's under responder and the far one's under client. What is left out is what
// most of them do:
//
//	media_address: public        # in SDP: public, private, zero (0.0.0.0), wrong (somebody else's)
//	latch: never                 # sends where? never = where the SDP says; first-packet = where the first packet came
//	                             # from; always = where the newest came from; strict = as Asterisk's strictrtp
//	                             # left out: always at the responder, never at the client
//	probation: 4                 # packets in a row that strict wants of a source
//	source_port: same            # other = audio leaves from a port at which the side does not listen
//	rtcp: next-port              # mux = on the port of audio (RFC 5761); none; other-port = as a=rtcp says (RFC 3605)
//	rport: true                  # asks for answers to its source port (RFC 3581)
//	answers_to: source           # via = responses go to the port in Via, whoever asks for rport; over UDP
//	signalling_port: same        # other = its SIP leaves from a port at which it does not listen; over UDP
//	ptime: 20                    # milliseconds in a packet: 20, 30 or 40
//	audio: tone                  # silence, loop
//	dtmf: "12#"                  # digits that it sends as telephone events (RFC 4733), after half a second
//	gap: 3s                      # silence that it does not send, after one second
//	gap_by: no-packets           # comfort-noise = a packet now and then (RFC 3389)
//	srtp_key: right              # wrong = its SDP names another key than it encrypts with
//
// and of both together:
//
//	codec: pcmu                  # pcma; g722 and opus are carried, and nobody listens to what is in them
//	srtp: true                   # keys in the SDP (SDES, RFC 4568), over TLS only
//	pause: 60s                   # both fall silent halfway through
//	max_first_packet: 500ms      # after the answer, each way; later is audio-starts-late
//	max_loss_percent: 3
//	min_mos: 3.6
//	expect_audio: both-ways            # inbound-only, outbound-only, no-audio: what these settings let through
//
// A call with expect plants a mistake on purpose, to be compared with others. If audio goes where it says, and nowhere
// else, the check passes and the mistake accuses nobody. If less audio goes, the call is judged as any other: the path is at
// fault. If more does, something on the path mends the mistake, and the check is degraded. Where several calls
// differ in one setting alone, the report says whether it makes the difference.
//
// # Running checks
//
// This package opens no sockets. [Scenario.Run] carries out the checks with probes of the
// caller's, one for each kind, which are made of the packages sipprobe and rtpprobe: these
// take sockets that the caller owns, and return what they saw. It is for checks that one
// end can do. What takes two ends, with both ledgers, a diagnosis and a report, is what
// the command bothways does, whose --json and --out are stable.
//
// # How the language grows
//
// A text passes these stations, of which only the last knows what a scenario means:
//
//	YAML ─▶ nodes with places ─▶ what extends names ─▶ variables ─▶ file, by yaml tags ─▶ Scenario
//	parse                        merge                 declare      decoder             expand
//
// A new key is a field of fileCheck, fileBehaviour or another file struct with its yaml
// tag, and an entry in keys: what it is for, to which kinds of checks it belongs, its
// words or bounds. Places, unknown keys, wrong types, nearest words, extends, variables
// and the schema follow from these. A struct that is new needs no more than its name to
// begin with "file". A new kind is a constant, a place in [Kinds], and a case in expand.
//
// What a key may not be is an error whose text begins with the key, as in
// errors.New("talk: …") or fmt.Errorf("responder.latch: …"): by that its place is found.
// A word of a list is read by oneOf. Then "go test ./scenarios -update" writes the schema
// and the messages of testdata/broken again; the tests of keys say what was forgotten,
// docs/scenarios.md included.
package scenarios
