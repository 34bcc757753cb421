// Package rtpprobe finds out what a path does to RTP: it is the media half of a test call, at either end.
//
// A Stream sends a known tone in G.711 and listens for another, over a socket that its caller owns. When
// it is closed it hands over a Result: what was sent and what arrived, from where, when, how much of it was
// lost, doubled or late (RFC 3550), and what was heard in it. Silence is a Result too; an error means that
// the probe could not be run. What the facts mean is left to others.
//
//	rtp, rtcp, err := rtpprobe.OpenPair(listen, ports)   // before the offer or answer that names them
//	stream, err := rtpprobe.Open(rtpprobe.StreamConfig{  // receives from here on
//		Conn: rtp, RTCP: rtcp, Pacer: pacer,
//		SendTone: rtpprobe.InboundTone, WantTone: rtpprobe.OutboundTone,
//		SendTag: &mine, WantTag: &theirs,
//	})
//	err = stream.Send(ctx, remote, 5*time.Second)        // blocks
//	result := stream.Close()                             // then close rtp and rtcp
//
// # Tones
//
// Each direction has a tone of its own, so that an end can prove that it heard the other: not silence, and
// not itself. A Result counts milliseconds of the wanted tone, of the own tone, of silence and of anything
// else. Each packet is judged for itself, so that loss shortens what was heard and does not blur it.
//
// # Tags
//
// A Tag is derived from a key and labels (NewTag). It travels as an RFC 8285 one-byte header extension
// with the identifier TagExtension in each RTP packet, and as an RTCP APP packet named "BWTG" in each
// compound. A stream with a WantTag counts a packet without it as untagged and does nothing else with it:
// it is not answered, not listened to and not followed. In SDP the extension may be declared by a=extmap.
//
// # Where media goes
//
// A stream sends to the address given to Send. With LatchFirst it sends to the source of what it hears
// instead (RFC 4961), and follows when newer packets come from another address. StreamConfig.Allow has
// the last word for each packet; what it refuses is counted, with the address. Without an Allow nothing
// goes anywhere but to the address given to Send, and to the RTCP port of that host.
//
// # Accounting
//
// Sequence numbers are extended and counted as in RFC 3550 A.1 and A.3, for each SSRC. A packet is a
// duplicate if its number is among the last 1,024. A jump of more than 3,000 forward or 1,024 back
// is a stray, unless the next packet continues it: then the sender has begun anew, and the counts add up.
// Jitter is that of A.8. On Linux, when the socket is a *net.UDPConn, the time of arrival is that of
// the kernel (SO_TIMESTAMPNS, which Open sets), so that jitter holds nothing of this program's own scheduling.
//
// Reports (SR or RR, with SDES and BYE) go out over the RTCP socket, the first within half a second of
// the first packet and then every one to two seconds. RFC 3550 section 6.2 recommends five, which is the
// whole of a short call; a round trip needs a report each way.
//
// # Sweeps
//
// A sweep proves ports, thousands of them, from two ledgers. At the one end a Reflector listens on the
// ports, notes what arrives and echoes it; at the other Sweep sends a probe to each of them, in random order; JudgeSweep
// merges what both noted into a verdict for each port. How the ends agree on SweepTerms is left to others.
//
//	for _, window := range rtpprobe.PlanWindows(ports, rtpprobe.OpenFileBudget()) {
//		r, err := rtpprobe.OpenReflector(…)            // the one end
//		sent, err := rtpprobe.Sweep(ctx, …)            // the other, with r.Listening()
//		arrived := r.Close()
//		allSent.Join(sent); allArrived.Join(arrived)
//	}
//	verdict := rtpprobe.JudgeSweep(allSent, allArrived)
//
// Probes are valid RTP on even ports and valid RTCP on odd ones, with an HMAC over what they say. Without
// it nothing is noted, and nothing answered; an echo is as large as its request and goes where Allow permits.
//
// Some probes are controls: they go to ports that have answered, and measure what the path loses while the
// others are tried. The pace starts where an uplink of 2 Mbit/s has room, and grows while the controls come back and
// the round trip stays short. When controls are lost it falls to what came through; if that does not help,
// the path loses at any pace, and it returns to where it was. Ports that do not answer never slow it down.
//
// A port is called lost when the chance that random loss explains it is below 1e-6 for all ports together
// (see JudgeSweep); until then it is tried again. When everything stops at one instant the sweep asks, slowly, for some
// seconds whether it goes on, and ends if it does not: no port is accused for that. What this machine lost, or
// could not send, is counted apart and accuses no port either. A local port from which nothing arrives, while from
// others the same ports are reached, is named (SweepVerdict.SilentSources), and the sweep goes on from the others.
//
// On Linux packets go and come 64 at a time, and a Reflector costs next to nothing for each port; elsewhere,
// or with Portable, it takes a goroutine and some 5 KB for each.
//
// # Marks
//
// SendMarked sends the packets of a call with different marks for their priority (DSCP, RFC 2474), and
// ListenMarked counts at the other end what arrives of each, and with which mark. What a packet was sent
// with follows from its tag. Linux and macOS let a program set marks, Linux alone reads them here.
//
// # Cost
//
// A stream costs two goroutines, some 20 KB of memory with their stacks, and nothing per packet. One
// Pacer serves all streams of a process. The receive buffer of a socket is left as it is: the default of
// Linux holds some 5 s of one stream.
package rtpprobe
