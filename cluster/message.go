package cluster

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
)

// The kinds of direct messages. Each is a question with an answer of the same
// kind.
const (
	kindChallenge = "challenge" // who are you, and what shall I sign?
	kindHello     = "hello"     // I want to train with you
	kindRequest   = "request"   // promise me this generation
	kindOffer     = "offer"     // accept this roster
	kindCommit    = "commit"    // all have accepted: this is the roster
	kindStop      = "stop"      // no ring can be formed, for this reason
	kindPlea      = "plea"      // I need a ring
	kindReport    = "report"    // my ring broke at this member
	kindHint      = "hint"      // this member is lost, it seems
	kindGoodbye   = "goodbye"   // I leave
	kindPing      = "ping"      // are you there, and how far?
	kindWatch     = "watch"     // tell me when you end
	kindStatus    = "status"    // how far are all?
	kindExit      = "exit"      // this process has ended, says who started it
)

// maxMessage bounds a direct message in bytes. The largest carries a
// configuration or a roster of maxMembers.
const maxMessage = 1 << 20

// envelope is a direct message on the wire: JSON, since messages are few and
// small and people read them when something is wrong.
type envelope struct {
	Kind  string `json:"kind"`
	From  string `json:"from"`         // the sender's name
	To    string `json:"to,omitempty"` // the receiver's name; empty if not known yet
	Nonce []byte `json:"nonce"`        // of the question; the answer repeats it
	Body  []byte `json:"body"`         // JSON of the kind's type
	MAC   []byte `json:"mac,omitempty"`
}

// The two directions are signed differently, so that an answer cannot pass for
// a question.
const (
	question = "question"
	answer   = "answer"
)

// seal signs e.
func (e *envelope) seal(key []byte, direction string) { e.MAC = e.sign(key, direction) }

// genuine reports whether e was signed with key; without a key, whether it is
// unsigned.
func (e *envelope) genuine(key []byte, direction string) bool {
	return hmac.Equal(e.MAC, e.sign(key, direction))
}

func (e *envelope) sign(key []byte, direction string) []byte {
	return mac(key, []byte(direction), []byte(e.Kind), []byte(e.From), []byte(e.To), e.Nonce, e.Body)
}

// newEnvelope wraps body, a value of the kind's type.
func newEnvelope(kind, from, to string, nonce []byte, body any) (*envelope, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("cluster: encoding %s: %w", kind, err)
	}
	return &envelope{Kind: kind, From: from, To: to, Nonce: nonce, Body: b}, nil
}

// encode returns the bytes of e.
func (e *envelope) encode() ([]byte, error) {
	b, err := json.Marshal(e)
	if err == nil && len(b) > maxMessage {
		err = fmt.Errorf("%d bytes, at most %d are allowed", len(b), maxMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: encoding %s: %w", e.Kind, err)
	}
	return b, nil
}

// decodeEnvelope reads an envelope of bounded size. Unknown fields are
// ignored, so that another version can still be told that it is one.
func decodeEnvelope(b []byte) (*envelope, error) {
	if len(b) > maxMessage {
		return nil, fmt.Errorf("cluster: message of %d bytes, at most %d are allowed", len(b), maxMessage)
	}
	e := new(envelope)
	if err := json.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("cluster: message is not an envelope: %w", err)
	}
	if len(e.From) > maxName+1+suffixLen || len(e.To) > maxName+1+suffixLen || len(e.Nonce) > 64 || len(e.MAC) > 64 {
		return nil, fmt.Errorf("cluster: %.20q message with an overlong field", e.Kind)
	}
	return e, nil
}

// open decodes the body into dst, a pointer to the kind's type.
func (e *envelope) open(dst any) error {
	if err := json.Unmarshal(e.Body, dst); err != nil {
		return fmt.Errorf("cluster: %s from %s: %w", e.Kind, e.From, err)
	}
	return nil
}

// The bodies that are not declared beside their use.
type (
	nothing struct{}

	challenged struct {
		Challenge []byte `json:"challenge"`
	}
	hello struct {
		Challenge []byte   `json:"challenge"`
		Member    Member   `json:"member"`
		Identity  Identity `json:"identity"`
	}
	welcome struct {
		Differs *difference `json:"differs,omitempty"` // refused, from the answerer's side
		Over    *Roster     `json:"over,omitempty"`    // refused: the run of this ring is over
		Known   *Roster     `json:"known,omitempty"`   // the last ring
		Member  Member      `json:"member"`            // the node that was found
		Stopped string      `json:"stopped,omitempty"` // refused: the node has failed and is about to leave
	}
	commit struct {
		Roster Roster `json:"roster"`
	}
	stop struct {
		Reason string `json:"reason"`
	}
	goodbye struct {
		Done   bool   `json:"done"`   // the run is over
		Stop   bool   `json:"stop"`   // no ring can be formed, for the reason
		Reason string `json:"reason"` // why the run is not over
	}
)
