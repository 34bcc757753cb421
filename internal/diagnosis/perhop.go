package diagnosis

import "bothways/sipprobe/sipdiff"

// excuseProxies allows every change of an ACK of a refusal, and of a CANCEL, that a
// proxy on the way has written itself: one that keeps transactions ends them, and
// sends its own to the next hop (RFC 3261 sections 9.2 and 17.1.1.3). What it sends
// bears the branch under which it had passed the INVITE on; a box that is no proxy
// has none.
func excuseProxies(all []passage) {
	for i := range all {
		p := &all[i]
		if p.Method != "ACK" && p.Method != "CANCEL" || p.Status != 0 {
			continue
		}
		branches := proxyBranches(all, p)
		for k, d := range p.diffs {
			if branches[branchIn(p.Arrivals[k].Received.Data)] {
				for c := range d.changes {
					d.changes[c].Allowed = sipdiff.ByProxy
				}
			}
		}
	}
}

// proxyBranches are those that proxies gave to the INVITE whose transaction a request
// belongs to: it was sent with the same branch.
func proxyBranches(all []passage, p *passage) map[string]bool {
	out := make(map[string]bool)
	for _, q := range all {
		if q.Name() != "INVITE" || q.Direction != p.Direction || q.Sent.Transport != p.Sent.Transport || q.Branch != p.Branch {
			continue
		}
		for k, d := range q.diffs {
			if d.throughProxy() {
				out[branchIn(q.Arrivals[k].Received.Data)] = true
			}
		}
	}
	return out
}

// throughProxy reports whether a request arrived with the Via of a proxy on top.
func (d diff) throughProxy() bool {
	for _, c := range d.changes {
		if c.Field == "Via[0]" && c.Kind == sipdiff.Added && c.Allowed == sipdiff.ByProxy {
			return true
		}
	}
	return false
}

const topBranch = "Via[0] branch"

func branchIn(message []byte) string {
	branch, _ := sipdiff.Parse(message).Field(topBranch)
	return branch
}
