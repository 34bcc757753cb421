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
//	    responder: {media_address: private}   # the mistake to reproduce
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
