package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A key is what the language knows of a word before a colon, beside the type that its
// struct gives it. The schema is made of it, and what belongs to which kind of check.
type key struct {
	// about is what editors show.
	about string
	// kinds are the kinds of checks that it belongs to, none for all.
	kinds []Kind
	// words are all that its value may be, where it is a word.
	words []string
	// like is a regular expression for its value, where it is text.
	like string
	// min and max bound its value, where it is a number; both 0 is no bound.
	min, max float64
	// fixed values hold no variables.
	fixed bool
}

// What values look like, for editors; the loader says more exactly what is wrong.
const (
	likeID       = `^[a-z0-9]+(-[a-z0-9]+)*$`
	likeDuration = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	likePort     = `^[1-9][0-9]{0,4}$`
	likePorts    = `^[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?(,[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?)*$`
	likeDate     = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
)

// keys are those of the language, by struct and key: "check.talk" is Talk of fileCheck.
func keys() map[string]key {
	all := make(map[string]key)
	for _, some := range []map[string]key{documentKeys(), checkKeys(), callKeys(), behaviourKeys(), moveKeys(), packetKeys(), portKeys(), serverKeys()} {
		maps.Copy(all, some)
	}
	return all
}

// documentKeys are those beside the checks.
func documentKeys() map[string]key {
	return map[string]key{
		"scenario.name":        {about: "The scenario's name: lower-case words joined by hyphens.", like: likeID, fixed: true},
		"scenario.title":       {about: "What it tests, in a few words."},
		"scenario.description": {about: "What it does, for those who choose it."},
		"scenario.extends":     {about: "A scenario that ships, by its name, or a file, by its path from this one. This file is the difference.", fixed: true},
		"scenario.source":      {about: "The document from which its terms come."},
		"scenario.variables":   {about: "Values that --set NAME=VALUE changes; elsewhere they stand as ${name}."},
		"scenario.remove":      {about: "Ids of checks of the extended scenario that are left out.", fixed: true},
		"scenario.checks":      {about: "What is tested, in this order. With extends, checks of the same id are changed."},
		"source.title":         {about: "The document's title."},
		"source.url":           {about: "Where it can be read."},
		"source.date":          {about: "When it was read, as in 2026-11-20.", like: likeDate},
		"variable.type":        {about: "What its value must look like; text where it is left out.", words: wordsOf(VariableTypes()), fixed: true},
		"variable.default":     {about: "Its value where nothing is set.", fixed: true},
		"variable.title":       {about: "What it is for.", fixed: true},
	}
}

// checkKeys are those of checks of every kind.
func checkKeys() map[string]key {
	return map[string]key{
		"check.id":         {about: "Its name in the report: lower-case words joined by hyphens.", like: likeID, fixed: true},
		"check.kind":       {about: "What the check does.", words: wordsOf(Kinds()), fixed: true},
		"check.direction":  {about: "Seen from the site: inbound is client to site, outbound is site to client.", words: []string{"inbound", "outbound"}},
		"check.from":       {about: "The end that begins, instead of direction: client is inbound, responder is outbound.", words: []string{"client", "responder"}},
		"check.transports": {about: "Over which transports; a check is made of each.", words: []string{"udp", "tcp", "tls"}},
		"check.optional":   {about: "Whether the site may do without: it never fails a run."},
		"check.severity":   {about: "What the run is when the check fails; fail where it is left out.", words: []string{"fail", "degraded"}},
		"check.purpose":    {about: "What the check is for, in one sentence for the report."},
	}
}

// callKeys are those of calls and their sides.
func callKeys() map[string]key {
	call := []Kind{CallKind}
	return map[string]key{
		"check.talk":                 {about: "How long each side talks, as in 5s.", kinds: call, like: likeDuration},
		"check.pause":                {about: "How long both sides fall silent halfway through, as on hold.", kinds: call, like: likeDuration},
		"check.codec":                {about: "The codec.", kinds: call, words: []string{"pcmu", "pcma", "g722", "opus"}},
		"check.max_loss_percent":     {about: "The loss in percent above which audio is poor.", kinds: call, max: 100},
		"check.min_mos":              {about: "The estimated mean opinion score below which audio is poor, 1 to 4.4; 0 is no limit.", kinds: call, max: 4.4},
		"check.max_jitter_ms":        {about: "The interarrival jitter (RFC 3550) above which audio is poor; 0 is no limit.", kinds: call, max: 1000},
		"check.max_delay_ms":         {about: "The one-way delay above which audio is poor, judged where the clocks could be compared; 0 is no limit.", kinds: call, max: 10_000},
		"check.max_loss_run_packets": {about: "The packets in a row whose loss makes audio poor; 0 is no limit.", kinds: call, max: 10_000},
		"check.expect_audio":         {about: "Which way audio goes by design, where a mistake is planted on purpose.", kinds: call, words: []string{"both-ways", "inbound-only", "outbound-only", "no-audio"}},
		"check.srtp":                 {about: "Whether audio is encrypted, with keys in the SDP (RFC 4568), over TLS only.", kinds: call},
		"check.max_first_packet":     {about: "How long after the answer the first packet may come, as in 500ms.", kinds: call, like: likeDuration},
		"check.responder":            {about: "What the side inside does.", kinds: call},
		"check.client":               {about: "What the side outside does.", kinds: call},
	}
}

// packetKeys are those of sweeps, idle times and sizes.
func packetKeys() map[string]key {
	sweep, idle := []Kind{SweepKind}, []Kind{BindingKind, IdleKind}
	return map[string]key{
		"check.ports":       {about: "Ports and ranges joined by commas, as in 10000-20000.", kinds: sweep, like: likePorts},
		"check.rate":        {about: "The pace at the start, in probes a second.", kinds: sweep, min: MinRatePPS, max: MaxRatePPS},
		"check.probe_bytes": {about: "The UDP payload of a probe, in bytes.", kinds: sweep, min: MinProbeBytes, max: MaxProbeBytes},
		"check.limit":       {about: "How long it must be remembered, as in 120s.", kinds: idle, like: likeDuration},
		"check.steps":       {about: "The idle times that are tried, ascending.", kinds: idle, like: likeDuration},
		"check.traffic":     {about: "What went over the binding before: one exchange, or a stream.", kinds: []Kind{BindingKind}, words: []string{"exchange", "stream"}},
		"check.sizes":       {about: "The sizes of the messages in bytes, rising.", kinds: []Kind{SizeKind}, min: MinSizeBytes, max: MaxSizeBytes},
	}
}

// portKeys are those of single ports and of TLS.
func portKeys() map[string]key {
	tls := []Kind{TLSKind}
	return map[string]key{
		"check.port":          {about: "The port.", kinds: []Kind{PortKind, TLSKind, ServerKind, ProviderKind}, like: likePort},
		"check.expect":        {about: "What the port must be; open where it is left out.", kinds: []Kind{PortKind}, words: []string{"open", "closed"}},
		"check.speaks":        {about: "What the PBX speaks there, for when it holds the port itself; by the port's number where it is left out.", kinds: []Kind{PortKind}, words: []string{"http", "https", "xmpp", "tls", "sip", "sips", "ntp", speaksNothing}},
		"check.server_name":   {about: "The name to ask for, which the certificate must bear.", kinds: tls},
		"check.min_version":   {about: "The oldest version of TLS that the port may accept.", kinds: tls, words: TLSVersions()},
		"check.min_days_left": {about: "The days below which a certificate is about to expire.", kinds: tls, min: 0, max: MaxMinDaysLeft},
		"check.trust":         {about: "Who must have signed the certificate.", kinds: tls, words: []string{"any", "public"}},
	}
}

func wordsOf[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// foreignKeys notes keys that belong to checks of another kind.
func (l *reading) foreignKeys(check *node, kind Kind) {
	if !slices.Contains(Kinds(), kind) {
		return // which is said elsewhere
	}
	all := keys()
	for _, e := range check.entries {
		if k := all["check."+e.key.text]; len(k.kinds) > 0 && !slices.Contains(k.kinds, kind) {
			l.at(e.key, "%s: belongs to checks of kind %s; this one is of kind %s", e.key.text, strings.Join(wordsOf(k.kinds), " or "), kind)
		}
	}
}

// keyPath finds which key an error is about: its text begins with it.
var keyPath = regexp.MustCompile(`^([a-z_]+(?:\.[a-z_]+)*): (?:"([^"]*)"|([^ ,;]+))?`)

// locate notes an error at the key with which its text begins, as in "talk: …" and
// "responder.latch: …"; in a list at the item that is quoted first. What names no key of
// the check stands at the check itself.
func (l *reading) locate(check *node, err error) {
	at := check
	if m := keyPath.FindStringSubmatch(err.Error()); m != nil {
		for part := range strings.SplitSeq(m[1], ".") {
			next := at.get(part)
			if next == nil {
				break
			}
			at = next
		}
		i := slices.IndexFunc(at.items, func(item *node) bool {
			return item.form == scalar && (item.text == m[2]+m[3] || strconv.Quote(item.text) == m[0])
		})
		if i >= 0 {
			at = at.items[i]
		}
	}
	switch {
	case at.bad, at == check && check.spoilt():
		return // it may be a consequence of what was said already
	case at == check && len(check.entries) > 0:
		at = check.entries[0].key
	}
	l.at(at, "%v", err)
}
