package diagnosis_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
)

// expected are the findings of each run, and no others: role, code, direction and
// confidence.
var expected = map[string]struct {
	verdict  diagnosis.Verdict
	findings []string
}{
	"asked-clean":           {diagnosis.Pass, nil},
	"asked-blocked":         {diagnosis.Fail, nil},
	"asked-down":            {diagnosis.Fail, nil},
	"asked-unknown-name":    {diagnosis.Fail, nil},
	"asked-not-allowed":     {diagnosis.Inconclusive, nil},
	"asked-untrusted":       {diagnosis.Fail, nil},
	"asked-expired":         {diagnosis.Fail, nil},
	"asked-own-clock":       {diagnosis.Pass, nil},
	"asked-no-roots":        {diagnosis.Inconclusive, nil},
	"asked-login":           {diagnosis.Fail, nil},
	"asked-unavailable":     {diagnosis.Degraded, nil},
	"asked-no-ipv6":         {diagnosis.Pass, nil},
	"asked-ipv6-dead":       {diagnosis.Degraded, nil},
	"asked-no-time":         {diagnosis.Fail, nil},
	"asked-kiss":            {diagnosis.Pass, nil},
	"asked-provider-silent": {diagnosis.Inconclusive, nil},
	"clean":                 {diagnosis.Pass, nil},
	"udp-not-forwarded": {diagnosis.Fail, []string{
		"symptom transport-unreachable inbound proven", "cause port-not-forwarded inbound proven"}},
	"tls-not-forwarded": {diagnosis.Fail, []string{
		"symptom transport-unreachable inbound proven", "cause port-not-forwarded inbound likely"}},
	"rtp-not-forwarded-primed": {diagnosis.Degraded, []string{"cause rtp-range-not-forwarded inbound likely"}},
	"rtp-not-forwarded": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause rtp-range-not-forwarded inbound likely"}},
	"outbound-rtp-dropped": {diagnosis.Fail, []string{"symptom one-way-audio outbound proven"}},
	"no-audio": {diagnosis.Fail, []string{
		"symptom no-audio  proven", "cause rtp-range-not-forwarded inbound likely"}},
	"poor-audio": {diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
	"private-address-strict": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause private-address-advertised outbound proven",
		"folded latching-needed inbound proven"}},
	"private-address-latching": {diagnosis.Degraded, []string{
		"cause private-address-advertised outbound proven", "folded latching-needed inbound proven"}},
	"client-behind-nat": {diagnosis.Pass, nil},
	"carrier-nat":       {diagnosis.Fail, []string{"symptom no-signalling  proven"}},
	"silent":            {diagnosis.Fail, []string{"cause silent-audio outbound proven"}},
	"looped":            {diagnosis.Fail, []string{"cause audio-looped outbound proven"}},
	"latching-needed": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause rtp-range-not-forwarded inbound likely",
		"cause latching-needed inbound proven"}},
	"stranger":          {diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
	"wrong-key":         {diagnosis.Inconclusive, []string{"cause wrong-key  proven"}},
	"version-mismatch":  {diagnosis.Inconclusive, []string{"cause peer-version-mismatch  proven"}},
	"interrupted":       {diagnosis.Inconclusive, nil},
	"local-send-errors": {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"local-no-socket":   {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},

	"load-clean":                 {diagnosis.Pass, nil},
	"load-late":                  {diagnosis.Degraded, []string{"cause local-fault  proven"}},
	"load-no-room":               {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"load-state-table":           {diagnosis.Fail, nil},
	"load-full-line":             {diagnosis.Degraded, nil},
	"load-refused":               {diagnosis.Fail, nil},
	"held":                       {diagnosis.Pass, nil},
	"audio-stops-after-hold":     {diagnosis.Fail, []string{"symptom audio-stops inbound proven"}},
	"audio-stops-after-transfer": {diagnosis.Fail, []string{"symptom audio-stops inbound proven"}},
	"call-drops-by-session":      {diagnosis.Fail, []string{"symptom call-drops inbound proven"}},
	"call-drops-by-reinvite":     {diagnosis.Fail, []string{"symptom call-drops inbound proven"}},
	"audio-starts-late":          {diagnosis.Degraded, []string{"symptom audio-starts-late inbound proven"}},
	"wrong-address": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause wrong-address-advertised outbound likely"}},
	"zero-address": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause wrong-address-advertised outbound proven"}},
	"asymmetric-rtp": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "symptom audio-stops inbound proven", "cause asymmetric-rtp inbound proven"}},
	"srtp-wrong-key": {diagnosis.Fail, []string{"cause silent-audio inbound proven"}},
	"digits-lost":    {diagnosis.Fail, nil},
	"behaviours":     {diagnosis.Pass, nil},

	"nat-clean":             {diagnosis.Pass, nil},
	"nat-one-address":       {diagnosis.Pass, nil},
	"nat-no-nat":            {diagnosis.Pass, nil},
	"nat-open-to-all":       {diagnosis.Pass, nil},
	"nat-source-randomised": {diagnosis.Degraded, []string{"cause source-port-randomised outbound proven"}},
	"nat-source-moved":      {diagnosis.Degraded, []string{"cause source-port-rewritten outbound proven"}},
	"nat-source-varies":     {diagnosis.Degraded, []string{"cause source-address-varies outbound proven"}},
	"nat-no-hairpin":        {diagnosis.Degraded, []string{"cause no-hairpin  proven"}},
	"nat-second-shut":       {diagnosis.Degraded, []string{"cause media-address-filtered inbound proven"}},
	"nat-second-unproven":   {diagnosis.Pass, nil},
	"nat-nothing-arrives":   {diagnosis.Inconclusive, nil},

	"second-clean": {diagnosis.Pass, nil},
	"second-filtered": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause media-address-filtered inbound proven"}},
	"alg-pins-media": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause alg-pins-media-to-signalling inbound proven"}},
	"alg-opens-for-peer": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause sip-alg-rewrites inbound proven", "cause sip-alg-rewrites outbound proven",
		"cause alg-pins-media-to-signalling inbound likely"}},
	"alg-pins-media-without-control": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause sip-alg-rewrites inbound likely", "cause sip-alg-rewrites outbound likely",
		"cause alg-pins-media-to-signalling inbound likely"}},

	"alg-rewrites": {diagnosis.Degraded, []string{
		"cause sip-alg-rewrites inbound proven", "cause sip-alg-rewrites outbound proven"}},
	"alg-without-control": {diagnosis.Degraded, []string{
		"cause sip-alg-rewrites inbound likely", "cause sip-alg-rewrites outbound likely"}},
	"alg-moves-media": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause sip-alg-rewrites outbound proven",
		"folded latching-needed inbound proven"}},
	"alg-truncates": {diagnosis.Degraded, []string{
		"cause sip-alg-rewrites inbound proven", "cause sip-alg-rewrites outbound proven"}},
	"alg-blocks": {diagnosis.Fail, []string{"cause sip-alg-blocks inbound proven"}},
	"ack-lost":   {diagnosis.Fail, []string{"cause ack-lost inbound proven"}},
	"rport-ignored": {diagnosis.Fail, []string{
		"symptom transport-unreachable inbound proven", "cause rport-ignored outbound proven"}},
	"asymmetric-sip": {diagnosis.Fail, []string{"cause asymmetric-sip outbound proven"}},
	"private-contact": {diagnosis.Fail, []string{
		"cause private-address-advertised outbound proven", "folded ack-lost inbound proven"}},
	"double-nat-from-inside": {diagnosis.Fail, []string{
		"symptom no-signalling  proven", "cause double-nat  proven",
		"folded port-not-forwarded inbound proven", "folded rtp-range-not-forwarded inbound likely"}},
	"range-dead-latching": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause rtp-range-not-forwarded inbound proven",
		"folded latching-needed inbound proven"}},
	"alg-and-gap": {diagnosis.Fail, []string{
		"cause sip-alg-rewrites inbound proven", "cause sip-alg-rewrites outbound proven",
		"cause rtp-range-partly-forwarded inbound proven"}},
	"sip-proxy":         {diagnosis.Pass, nil},
	"sip-proxy-refused": {diagnosis.Pass, nil},
	"source-noted":      {diagnosis.Pass, nil},

	"sweep-clean": {diagnosis.Pass, nil},
	"sweep-range-dead": {diagnosis.Fail, []string{
		"symptom one-way-audio inbound proven", "cause rtp-range-not-forwarded inbound proven"}},
	"sweep-partly": {diagnosis.Fail, []string{"cause rtp-range-partly-forwarded inbound proven"}},
	"sweep-holes": {diagnosis.Fail, []string{
		"cause rtp-range-partly-forwarded inbound proven", "cause port-in-use inbound proven"}},
	"sweep-odd":  {diagnosis.Fail, []string{"cause odd-ports-not-forwarded inbound proven"}},
	"sweep-even": {diagnosis.Fail, []string{"cause odd-ports-not-forwarded inbound proven"}},
	"sweep-odd-and-gap": {diagnosis.Fail, []string{
		"cause rtp-range-partly-forwarded inbound proven", "cause odd-ports-not-forwarded inbound proven"}},
	"sweep-shifted":     {diagnosis.Fail, []string{"cause forward-shifts-ports inbound proven"}},
	"sweep-primed-only": {diagnosis.Fail, []string{"cause filtered-until-primed inbound proven"}},
	"sweep-partly-primed": {diagnosis.Fail, []string{
		"cause rtp-range-partly-forwarded inbound proven", "cause filtered-until-primed inbound proven"}},
	"sweep-egress-gap":             {diagnosis.Fail, []string{"cause egress-filtered outbound proven"}},
	"sweep-egress-sources":         {diagnosis.Fail, []string{"cause egress-filtered outbound proven"}},
	"sweep-egress-sources-answers": {diagnosis.Fail, []string{"cause egress-filtered outbound proven"}},
	"sweep-own-nat":                {diagnosis.Pass, nil},
	"sweep-own-nat-gap":            {diagnosis.Fail, []string{"cause egress-filtered outbound likely"}},
	"sweep-egress-dead": {diagnosis.Fail, []string{
		"symptom one-way-audio outbound proven", "cause egress-filtered outbound likely"}},
	"sweep-reply-lost":           {diagnosis.Fail, []string{"cause reply-path-lost outbound proven"}},
	"sweep-reply-lost-explained": {diagnosis.Fail, []string{"cause egress-filtered outbound proven"}},
	"sweep-in-use":               {diagnosis.Degraded, []string{"cause port-in-use inbound proven"}},
	"sweep-random-loss":          {diagnosis.Pass, nil},
	"sweep-rate-limited":         {diagnosis.Degraded, []string{"cause rate-limited inbound likely"}},
	"sweep-banned":               {diagnosis.Inconclusive, []string{"cause ids-ban inbound likely"}},
	"sweep-behind-nat":           {diagnosis.Pass, nil},
	"sweep-local-drops":          {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"sweep-not-permitted":        {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"sweep-no-files":             {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"sweep-source-rewritten":     {diagnosis.Degraded, []string{"cause source-port-rewritten outbound proven"}},
	"sweep-source-randomised":    {diagnosis.Degraded, []string{"cause source-port-randomised outbound proven"}},
	"sweep-source-varies":        {diagnosis.Degraded, []string{"cause source-address-varies outbound proven"}},
	"sweep-one-ledger":           {diagnosis.Inconclusive, nil},

	"audio-stops":            {diagnosis.Fail, []string{"symptom audio-stops inbound proven"}},
	"audio-stops-at-pause":   {diagnosis.Fail, []string{"symptom audio-stops inbound proven"}},
	"call-drops-without-ack": {diagnosis.Fail, []string{"symptom call-drops inbound proven"}},
	"call-torn-down":         {diagnosis.Fail, []string{"symptom call-drops inbound proven"}},
	"path-clean":             {diagnosis.Pass, nil},
	"path-told":              {diagnosis.Pass, nil},
	"path-loss":              {diagnosis.Pass, nil},
	"large-invite-lost":      {diagnosis.Fail, []string{"cause fragments-dropped inbound proven"}},
	"large-invite-swallowed": {diagnosis.Fail, []string{"cause sip-alg-blocks inbound proven"}},
	"fragments-dropped":      {diagnosis.Degraded, []string{"cause fragments-dropped inbound proven"}},
	"black-hole":             {diagnosis.Fail, []string{"cause mtu-black-hole inbound proven"}},
	"black-hole-clamped":     {diagnosis.Degraded, []string{"cause mtu-black-hole inbound proven"}},
	"black-hole-tcp-alone":   {diagnosis.Fail, []string{"cause mtu-black-hole inbound likely"}},
	"dscp-bleached":          {diagnosis.Degraded, []string{"cause dscp-changed inbound proven"}},
	"dscp-ef-dropped":        {diagnosis.Fail, []string{"cause dscp-changed inbound proven"}},

	"container-address":       {diagnosis.Degraded, []string{"cause container-address  proven"}},
	"container-by-file":       {diagnosis.Degraded, []string{"cause container-address  likely"}},
	"double-nat":              {diagnosis.Degraded, []string{"cause double-nat  proven"}},
	"double-nat-told-by-user": {diagnosis.Fail, []string{"symptom no-signalling  proven", "cause double-nat  proven"}},
	"source-changes-mid-call": {diagnosis.Degraded, []string{"cause source-changes-mid-call outbound proven"}},
	"source-address-varies":   {diagnosis.Degraded, []string{"cause source-address-varies outbound proven"}},
	"stale-nat-state":         {diagnosis.Degraded, []string{"cause stale-nat-state inbound likely"}},
	"host-firewall": {diagnosis.Fail, []string{
		"symptom transport-unreachable inbound proven", "symptom transport-unreachable inbound proven",
		"symptom one-way-audio inbound proven", "cause host-firewall inbound proven"}},
	"host-firewall-stateful": {diagnosis.Degraded, []string{"cause host-firewall inbound proven"}},
	"sweep-host-firewall":    {diagnosis.Fail, []string{"cause host-firewall inbound proven"}},

	"idle-remembered":                 {diagnosis.Pass, nil},
	"binding-short":                   {diagnosis.Fail, []string{"cause udp-binding-short outbound proven"}},
	"connection-short":                {diagnosis.Fail, []string{"cause tcp-idle-short inbound proven"}},
	"binding-short-twice":             {diagnosis.Fail, []string{"cause udp-binding-short outbound proven"}},
	"idle-interrupted":                {diagnosis.Pass, nil},
	"connection-short-behind-own-nat": {diagnosis.Inconclusive, nil},
	"client-inside":                   {diagnosis.Pass, nil},
	"source-hidden":                   {diagnosis.Degraded, []string{"cause source-hidden inbound proven"}},

	"tls-clean":                 {diagnosis.Pass, nil},
	"tls-given":                 {diagnosis.Pass, nil},
	"tls-given-expired":         {diagnosis.Fail, []string{"cause certificate-expired inbound proven"}},
	"tls-intercepted":           {diagnosis.Fail, []string{"cause tls-intercepted inbound proven"}},
	"tls-intercepted-unasked":   {diagnosis.Degraded, []string{"cause tls-intercepted inbound proven"}},
	"tls-version-too-old":       {diagnosis.Fail, []string{"cause tls-version-too-old inbound proven"}},
	"certificate-expired":       {diagnosis.Fail, []string{"cause certificate-expired inbound proven"}},
	"certificate-not-yet-valid": {diagnosis.Fail, []string{"cause certificate-not-yet-valid inbound proven"}},
	"certificate-name-mismatch": {diagnosis.Fail, []string{"cause certificate-name-mismatch inbound proven"}},
	"certificate-self-signed":   {diagnosis.Fail, []string{"cause certificate-untrusted inbound proven"}},
	"certificate-private":       {diagnosis.Fail, []string{"cause certificate-untrusted inbound proven"}},
	"certificate-incomplete":    {diagnosis.Fail, []string{"cause certificate-chain-incomplete inbound proven"}},
	"certificate-order":         {diagnosis.Degraded, []string{"cause certificate-chain-incomplete inbound proven"}},
	"certificate-soon":          {diagnosis.Degraded, nil},
	"port-clean":                {diagnosis.Pass, nil},
	"port-tcp-lost":             {diagnosis.Fail, []string{"cause port-not-forwarded inbound likely"}},
	"port-tcp-refused":          {diagnosis.Fail, []string{"cause port-not-forwarded inbound likely"}},
	"port-udp-lost":             {diagnosis.Fail, []string{"cause port-not-forwarded inbound proven"}},
	"port-many-lost": {diagnosis.Fail, []string{
		"cause port-not-forwarded inbound likely", "cause port-not-forwarded inbound proven"}},
	"port-tcp-answered":      {diagnosis.Fail, []string{"cause forward-to-wrong-host inbound proven"}},
	"port-udp-answered":      {diagnosis.Fail, []string{"cause forward-to-wrong-host inbound proven"}},
	"port-tcp-taken":         {diagnosis.Fail, []string{"cause forward-to-wrong-host inbound likely"}},
	"port-answer-lost":       {diagnosis.Fail, []string{"cause reply-path-lost outbound proven"}},
	"port-tcp-answer-lost":   {diagnosis.Fail, []string{"cause reply-path-lost outbound likely"}},
	"port-aside":             {diagnosis.Fail, []string{"cause forward-shifts-ports inbound proven"}},
	"port-held":              {diagnosis.Degraded, []string{"cause port-in-use inbound proven"}},
	"port-forbidden":         {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"port-changed":           {diagnosis.Inconclusive, nil},
	"port-unsent":            {diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
	"port-unrecorded":        {diagnosis.Inconclusive, nil},
	"port-unproven":          {diagnosis.Inconclusive, nil},
	"port-egress-tcp":        {diagnosis.Fail, []string{"cause egress-filtered outbound likely"}},
	"port-egress-udp":        {diagnosis.Fail, []string{"cause egress-filtered outbound proven"}},
	"port-egress-udp-alone":  {diagnosis.Fail, []string{"cause egress-filtered outbound likely"}},
	"port-intercepted":       {diagnosis.Fail, []string{"cause egress-filtered outbound likely"}},
	"port-out-answer-lost":   {diagnosis.Fail, []string{"cause reply-path-lost inbound likely"}},
	"port-out-held":          {diagnosis.Pass, nil},
	"closed-clean":           {diagnosis.Pass, nil},
	"closed-refused":         {diagnosis.Pass, nil},
	"closed-exposed":         {diagnosis.Fail, []string{"cause port-exposed inbound proven"}},
	"closed-answer-lost":     {diagnosis.Fail, []string{"cause port-exposed inbound proven"}},
	"closed-aside":           {diagnosis.Fail, []string{"cause port-exposed inbound proven"}},
	"closed-answered":        {diagnosis.Fail, []string{"cause port-exposed inbound likely"}},
	"closed-taken":           {diagnosis.Inconclusive, nil},
	"closed-held":            {diagnosis.Pass, nil},
	"closed-unproven":        {diagnosis.Inconclusive, nil},
	"closed-out-clean":       {diagnosis.Pass, nil},
	"closed-out-exposed":     {diagnosis.Fail, []string{"cause port-exposed outbound proven"}},
	"closed-out-answered":    {diagnosis.Inconclusive, nil},
	"closed-out-unproven":    {diagnosis.Inconclusive, nil},
	"name-split":             {diagnosis.Pass, nil},
	"name-same":              {diagnosis.Pass, nil},
	"name-srv":               {diagnosis.Pass, nil},
	"name-unsure":            {diagnosis.Pass, nil},
	"busy-counted":           {diagnosis.Pass, nil},
	"busy-certificate":       {diagnosis.Pass, nil},
	"busy-protocol":          {diagnosis.Pass, nil},
	"busy-wordless":          {diagnosis.Pass, nil},
	"busy-not-forwarded":     {diagnosis.Fail, []string{"cause port-not-forwarded inbound likely"}},
	"busy-udp-not-forwarded": {diagnosis.Fail, []string{"cause port-not-forwarded inbound proven"}},
	"busy-unanswered":        {diagnosis.Inconclusive, []string{"cause port-in-use inbound proven"}},
	"busy-elsewhere":         {diagnosis.Fail, []string{"cause forward-to-wrong-host inbound proven"}},
	"busy-other-certificate": {diagnosis.Fail, []string{"cause forward-to-wrong-host inbound likely"}},
	"busy-other-software":    {diagnosis.Inconclusive, []string{"cause port-in-use inbound proven"}},
}

func findings(d diagnosis.Diagnosis) []string {
	var out []string
	for _, f := range d.Findings {
		out = append(out, string(f.Role)+" "+f.Code+" "+string(f.Direction)+" "+string(f.Confidence))
		for _, c := range f.Consequences {
			out = append(out, "folded "+c.Code+" "+string(c.Direction)+" "+string(c.Confidence))
		}
	}
	return out
}

// wantFindings fails the test unless a diagnosis has these findings, and no others.
func wantFindings(t *testing.T, d diagnosis.Diagnosis, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, findings(d)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestRunsHaveTheirFindingsAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		t.Run(r.Name, func(t *testing.T) {
			want, ok := expected[r.Name]
			if !ok {
				t.Fatal("nothing is expected of this run")
			}
			d := diagnosis.Diagnose(r.Evidence)
			wantFindings(t, d, want.findings)
			if d.Verdict != want.verdict {
				t.Errorf("verdict %s, want %s", d.Verdict, want.verdict)
			}
			for _, f := range d.Findings {
				if f.Title == "" || len(f.Evidence) == 0 || len(f.Remedy) == 0 {
					t.Errorf("%s lacks words: %+v", f.Code, f)
				}
			}
		})
	}
}

func TestDiagnoseIsPure(t *testing.T) {
	t.Parallel()
	unexported := cmp.FilterPath(func(p cmp.Path) bool {
		name := p.Last().String()
		return name == ".values" || name == ".accounts" || name == ".transports" || name == ".response" || name == ".tx"
	}, cmp.Ignore())
	addresses := cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})
	again := diagnosistest.Runs()
	for i, r := range diagnosistest.Runs() {
		first := diagnosis.Diagnose(r.Evidence)
		if diff := cmp.Diff(first, diagnosis.Diagnose(r.Evidence), unexported, addresses); diff != "" {
			t.Errorf("%s: another result for the same evidence:\n%s", r.Name, diff)
		}
		if diff := cmp.Diff(first, diagnosis.Diagnose(again[i].Evidence), unexported, addresses); diff != "" {
			t.Errorf("%s: another result for equal evidence:\n%s", r.Name, diff)
		}
	}
}

func TestExitStatus(t *testing.T) {
	want := map[diagnosis.Verdict]int{
		diagnosis.Pass: 0, diagnosis.Degraded: 1, diagnosis.Fail: 2, diagnosis.Inconclusive: 3, diagnosis.Skipped: 3, "": 3,
	}
	for verdict, status := range want {
		if got := verdict.ExitStatus(); got != status {
			t.Errorf("%q exits %d, want %d", verdict, got, status)
		}
	}
}

func TestNoEvidenceIsInconclusive(t *testing.T) {
	if d := diagnosis.Diagnose(nil); d.Verdict != diagnosis.Inconclusive || len(d.Findings) > 0 {
		t.Errorf("got %+v", d)
	}
}
