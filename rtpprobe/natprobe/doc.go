// Package natprobe finds out how a NAT behaves, in the terms of RFC 4787, with STUN
// (RFC 8489) and the tests of RFC 5780 between two ends that share a key.
//
// One end serves: a [Server] answers Binding requests on sockets of its owner, to
// whoever proves the key in MESSAGE-INTEGRITY, and is silent to everybody else. Asked
// by CHANGE-REQUEST, it answers from another of its sockets. The other end probes:
// [Probe] sends requests from one socket, one destination after the other, and records
// what came back from where. It also asks servers of others, which take no key.
//
// What is recorded are facts: a [Result] of the end that probed, and what the server
// [Heard]. Opinions are functions of both: [JudgeMapping] and [JudgeFiltering] are two
// independent properties, and what was not varied is not judged; [JudgePorts] counts
// ports that stayed as they were.
//
// Each socket serves one [Test], mapping or filtering: filtering can only be seen where
// nothing was sent to the places from which answers shall come, and such answers may
// leave traces in a NAT that disturb a mapping (RFC 5780 section 4.4).
//
// Sockets belong to the caller, before and after. All times are bounded; nothing is
// sent but what was asked for.
package natprobe
