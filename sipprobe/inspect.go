package sipprobe

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// inspect decides whether a message may reach sipgo: it must say the same to sipgo's
// parser as to this package's scan, carry what a transaction needs, and be the answer
// to a request of ours, part of a call that is known, or pass the Guard. A panic on
// the way costs the message, not the program.
func (e *Endpoint) inspect(data []byte, from netip.AddrPort) (d decision) {
	defer func() {
		if r := recover(); r != nil {
			d = dropped(fmt.Sprintf("not handled: the parser panicked: %v", r))
		}
	}()
	if len(bytes.Trim(data, "\r\n\x00")) == 0 {
		return dropped("keep-alive")
	}
	m := scanWire(data)
	via, _ := m.value("via")
	branch := branchOf(via)
	if m.isResponse() && e.book.answered(branch, m.status()) {
		return decision{} // complete
	}
	if err := e.sound(m, data); err != nil {
		return dropped("not handled: " + err.Error())
	}
	if m.isResponse() {
		if _, ok := e.book.askedOf(branch); !ok {
			return dropped("answers no request that is under way here")
		}
		return admitted()
	}
	id, _ := m.value("call-id")
	invite := inviteID{id, branch}
	switch method := m.method(); {
	case method == "ACK" && e.book.refused(invite):
		return admitted() // in a call too: a refused re-INVITE leaves it as it is
	case method == "ACK" && e.acknowledged(m, invite):
		return decision{} // complete
	case (method == "ACK" || method == "CANCEL") && e.book.rings(invite):
		return admitted()
	case method == "ACK" || method == "CANCEL":
		// Neither can be challenged (RFC 3261 section 22.1).
		return dropped("for no call that is known here")
	case method == "BYE" && e.knows(m):
		return admitted()
	}
	return e.cfg.Guard.judge(question{
		message: m, size: len(data), from: from, transport: e.cfg.Transport, socket: e.local, now: time.Now(),
		strict: e.changesProven(m),
	})
}

// dialogOf returns the dialog that a request is for, and the tag of its sender.
func dialogOf(m wireMessage) (id dialogID, remoteTag string) {
	callID, _ := m.value("call-id")
	to, _ := m.value("to")
	from, _ := m.value("from")
	return dialogID{callID, tagOf(to)}, tagOf(from)
}

// knows reports whether a BYE belongs to a call that was authenticated when it was
// set up; its Call-ID and tags are too random to be guessed.
func (e *Endpoint) knows(m wireMessage) bool {
	id, remoteTag := dialogOf(m)
	if c := e.book.call(id); c != nil {
		return c.isWith(remoteTag)
	}
	return e.book.wasCall(id)
}

// changesProven reports whether a request is for a call whose far end has shown that it
// holds the key, and must do so again.
func (e *Endpoint) changesProven(m wireMessage) bool {
	id, remoteTag := dialogOf(m)
	c := e.book.call(id)
	if c == nil || !c.isWith(remoteTag) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proven
}

// acknowledged takes the ACK of a 2xx, which concerns nobody but the call
// (RFC 3261 section 13.2.2.4). Taken here, it cannot be overtaken by a BYE. That of a
// refused re-INVITE has the branch of its INVITE and belongs to that transaction.
func (e *Endpoint) acknowledged(m wireMessage, invite inviteID) bool {
	id, remoteTag := dialogOf(m)
	if c := e.book.call(id); c != nil && c.isWith(remoteTag) {
		cseq := m.sequence()
		if c.refused(cseq) {
			return !e.book.rings(invite) // a challenge has no transaction
		}
		c.acknowledged(cseq, bytes.Clone(m.content()))
		return true
	}
	return e.book.wasCall(id)
}

// sound runs sipgo's parser and compares what it sees with what this package sees.
func (e *Endpoint) sound(m wireMessage, data []byte) error {
	if err := m.plain(data); err != nil {
		return err
	}
	msg, err := e.parse(data)
	if err != nil {
		return err
	}
	switch msg := msg.(type) {
	case *sip.Request:
		if string(msg.Method) != m.method() || msg.SipVersion != "SIP/2.0" {
			return errors.New("not a SIP/2.0 request")
		}
	case *sip.Response:
		if !m.isResponse() || msg.SipVersion != "SIP/2.0" || msg.StatusCode < 100 || msg.StatusCode > 699 {
			return errors.New("not a SIP/2.0 response")
		}
	}
	return m.agrees(msg)
}

// parse reads one message the way sipgo will read it.
func (e *Endpoint) parse(data []byte) (sip.Message, error) {
	if e.cfg.Transport == UDP {
		return sip.ParseMessage(data)
	}
	stream := sip.NewParser().NewSIPStream()
	defer stream.Close()
	var got []sip.Message
	err := stream.ParseSIPStream(data, func(msg sip.Message) { got = append(got, msg) })
	if err == nil && len(got) != 1 {
		err = fmt.Errorf("%d messages in one", len(got))
	}
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// agrees compares the parts of a message that transactions and dialogs go by.
func (m wireMessage) agrees(msg sip.Message) error {
	via, callID, cseq := msg.Via(), msg.CallID(), msg.CSeq()
	switch {
	case via == nil || via.Host == "":
		return errors.New("no Via")
	case callID == nil || callID.Value() == "":
		return errors.New("no Call-ID")
	case cseq == nil:
		return errors.New("no CSeq")
	case msg.From() == nil || msg.To() == nil:
		return errors.New("no From or To")
	}
	value, _ := m.value("via")
	id, _ := m.value("call-id")
	branch, _ := via.Params.Get("branch")
	switch {
	case branch == "" || branch != branchOf(value):
		return errors.New("no branch in Via")
	case callID.Value() != id:
		return errors.New("unclear Call-ID")
	case !m.isResponse() && string(cseq.MethodName) != m.method():
		return errors.New("CSeq is for another method")
	case !bytes.Equal(msg.Body(), m.content()):
		return errors.New("unclear body")
	}
	return nil
}
