package diagnosis

// A Rule proves one entry of the catalogue from the evidence.
type Rule struct {
	// Code is the entry's.
	Code string
	// Find returns what the evidence proves, nil when that is nothing.
	Find func(*view) []Finding
	// Needs says what the rule lacked to decide this run, empty when it could
	// decide. Nil for rules that can always decide.
	Needs func(*view) string
}

// rules are all rules, in the order in which reports name their findings.
func rules() []Rule {
	return []Rule{
		{Code: "wrong-key", Find: wrongKey},
		{Code: "peer-version-mismatch", Find: peerVersionMismatch},
		{Code: "no-signalling", Find: noSignalling},
		{Code: "transport-unreachable", Find: transportUnreachable},
		{Code: "no-audio", Find: noAudio},
		{Code: "one-way-audio", Find: oneWayAudio},
		{Code: "audio-stops", Find: audioStops},
		{Code: "audio-starts-late", Find: startsLate},
		{Code: "call-drops", Find: callDrops},
		{Code: "poor-audio", Find: poorAudio},
		{Code: "local-fault", Find: localFault},
		{Code: "double-nat", Find: doubleNAT, Needs: doubleNeeds},
		{Code: "port-not-forwarded", Find: portNotForwarded, Needs: portNeeds},
		{Code: "rtp-range-not-forwarded", Find: rtpNotForwarded, Needs: rtpNeeds},
		{Code: "rtp-range-partly-forwarded", Find: partlyForwarded, Needs: inboundNeeds},
		{Code: "odd-ports-not-forwarded", Find: oneParity, Needs: inboundNeeds},
		{Code: "forward-shifts-ports", Find: shiftsPorts, Needs: inboundNeeds},
		{Code: "forward-to-wrong-host", Find: wrongHost, Needs: knockNeeds},
		{Code: "port-exposed", Find: portExposed}, // where no port must be closed there is nothing to decide
		{Code: "filtered-until-primed", Find: untilPrimed, Needs: primeNeeds},
		{Code: "egress-filtered", Find: egressFiltered, Needs: outboundNeeds},
		{Code: "reply-path-lost", Find: replyLost, Needs: replyNeeds},
		{Code: "port-in-use", Find: portInUse, Needs: inboundNeeds},
		{Code: "host-firewall", Find: hostFirewall, Needs: hostNeeds},
		{Code: "source-port-rewritten", Find: sourceRewritten, Needs: sourceNeeds},
		{Code: "source-port-randomised", Find: sourceRandomised, Needs: sourceNeeds},
		{Code: "source-address-varies", Find: addressVaries, Needs: variesNeeds},
		{Code: "source-hidden", Find: sourcesHidden, Needs: hiddenNeeds},
		{Code: "no-hairpin", Find: noHairpin, Needs: hairpinNeeds},
		{Code: "media-address-filtered", Find: mediaFiltered, Needs: mediaFilteredNeeds},
		{Code: "fragments-dropped", Find: fragmentsDropped, Needs: fragmentNeeds},
		{Code: "mtu-black-hole", Find: blackHole, Needs: holeNeeds},
		{Code: "dscp-changed", Find: dscpChanged, Needs: dscpNeeds},
		{Code: "stale-nat-state", Find: staleState, Needs: staleNeeds},
		{Code: "source-changes-mid-call", Find: sourceChanges, Needs: midcallNeeds},
		{Code: "rate-limited", Find: rateLimited, Needs: replyNeeds},
		{Code: "ids-ban", Find: banned, Needs: banNeeds},
		{Code: "udp-binding-short", Find: bindingShort, Needs: bindingNeeds},
		{Code: "tcp-idle-short", Find: connectionShort, Needs: connectionNeeds},
		{Code: "private-address-advertised", Find: privateAddress, Needs: sdpNeeds},
		{Code: "wrong-address-advertised", Find: wrongAddress, Needs: sdpNeeds},
		{Code: "sip-alg-rewrites", Find: algRewrites, Needs: tapesNeeds},
		{Code: "sip-alg-blocks", Find: algBlocks, Needs: blockNeeds},
		{Code: "alg-pins-media-to-signalling", Find: pinsMedia, Needs: pinsNeeds},
		{Code: "rport-ignored", Find: rportIgnored, Needs: rportNeeds},
		{Code: "asymmetric-sip", Find: asymmetricSIP, Needs: asymmetricSIPNeeds},
		{Code: "ack-lost", Find: ackLost, Needs: ackNeeds},
		{Code: "latching-needed", Find: latchingNeeded, Needs: latchingNeeds},
		{Code: "asymmetric-rtp", Find: asymmetric, Needs: asymmetricNeeds},
		{Code: "container-address", Find: containerAddress, Needs: containerNeeds},
		{Code: "tls-intercepted", Find: tlsIntercepted, Needs: interceptedNeeds},
		{Code: "tls-version-too-old", Find: versionTooOld, Needs: versionNeeds},
		certificateRule("certificate-expired"),
		certificateRule("certificate-not-yet-valid"),
		certificateRule("certificate-name-mismatch"),
		certificateRule("certificate-untrusted"),
		certificateRule("certificate-chain-incomplete"),
		{Code: "silent-audio", Find: silentAudio, Needs: audioNeeds},
		{Code: "audio-looped", Find: audioLooped, Needs: audioNeeds},
	}
}

// findings completes what the rule finds from the catalogue, for codes of one role.
func (r Rule) findings(v *view, role Role) []Finding {
	entry, ok := find(r.Code)
	if !ok || entry.Role != role {
		return nil
	}
	out := r.Find(v)
	for i := range out {
		f := &out[i]
		f.Code, f.Role = entry.Code, entry.Role
		v.towardsMachine(f.values)
		f.Title, f.Remedy = f.values.fill(entry.Title), f.values.fillAll(entry.Remedy)
		f.Vendor, f.Routers = v.vendorRemedy(*f)
		if f.Confidence == "" {
			f.Confidence = Proven
		}
		f.values = nil
	}
	return out
}
