package sipprobe

// An Invitation is what a caller asks for. Its zero value asks for a call without an
// offer, and cannot answer the one that comes back.
type Invitation struct {
	// Offer is the SDP of the INVITE; nil leaves it to the far end to make one in its 200
	// (RFC 3261 section 13.2.1), and Answer answers it in the ACK.
	Offer []byte
	// Large lets an INVITE with the offer leave over UDP with up to 8,000 bytes, in
	// fragments, as phones do that heed no limit (RFC 3261 section 18.1.1).
	Large  bool
	Answer func(offer []byte) []byte
	// Early is given the SDP of each provisional answer that has one, such as 183: what
	// the far end would have heard before it answers. It comes without proof of who sent
	// it. Nil takes no notice.
	Early func(sdp []byte)
	// Session is the session timer to ask for; zero asks for none.
	Session Session
}

// ask puts the invitation into a draft.
func (inv Invitation) ask(d *draft) {
	d.contact, d.early, d.large = true, inv.Early, inv.Large
	if inv.Offer != nil {
		d.kind, d.body = sdpType, inv.Offer
	}
	if inv.Session.Expires > 0 {
		d.extra = inv.Session.request()
	}
}

// lengthen changes a draft that was refused for a session timer that is too short (RFC
// 4028 section 7.3), and reports whether to try again.
func (inv Invitation) lengthen(d *draft, x Exchange) bool {
	if x.Status != statusTooBrief || x.response == nil || inv.Session.Expires == 0 {
		return false
	}
	least := seconds(headerValue(x.response, "Min-SE"))
	if least <= inv.Session.Expires || least > MaxSession {
		return false
	}
	longer := inv.Session
	longer.Expires = least
	d.extra, d.auth = longer.request(), ""
	d.cseq = int(x.response.CSeq().SeqNo) + 1
	return true
}

// answerToOffer goes with the ACK of an INVITE without an offer; nil for others.
func (c *Call) answerToOffer(cseq uint32) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cseq < firstCSeq {
		return c.answer
	}
	if cseq == c.reansweredTo {
		return c.reanswer
	}
	return nil
}

// answerLater keeps the answer for the ACK of a re-INVITE, however often that is sent.
func (c *Call) answerLater(cseq uint32, answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reansweredTo, c.reanswer = cseq, answer
}

// agree keeps what the far end's 200 says of the session, and answers its offer.
func (c *Call) agree(inv Invitation, x *Exchange) {
	if x.Outcome != Accepted {
		return
	}
	c.mu.Lock()
	c.session = sessionOf(x.response, true)
	c.mu.Unlock()
	if inv.Offer == nil && inv.Answer != nil {
		answer := inv.Answer(x.Body())
		c.mu.Lock()
		defer c.mu.Unlock()
		c.answer = answer
	}
}
