package rpc

import (
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
)

const (
	controlByte = 0xb2      // starts control messages; frames start with another
	maxControl  = 1<<20 + 2 // a hello of thousands of nodes
)

// kind is what a control message says.
type kind byte

const (
	kindHello    kind = iota + 1 // body: allreduce.Hello
	kindWelcome                  // body: allreduce.Hello
	kindRefusal                  // body: a reason byte and a text
	kindBye                      // orderly end
	kindAck                      // answer to bye
	kindFarewell                 // body: allreduce.Farewell
	kindOffer                    // body: offer
	kindChoice                   // body: a Way
	kindSettled                  // body: a Way
)

// control is a control message; kind 0 is none.
type control struct {
	kind kind
	body []byte
}

func (c control) append(b []byte) []byte {
	return append(append(b, controlByte, byte(c.kind)), c.body...)
}

// parseControl decodes a control message, but for its body. It keeps b.
func parseControl(b []byte) (control, error) {
	if len(b) < 2 || b[0] != controlByte {
		return control{}, fmt.Errorf("%w: no control message", allreduce.ErrFrame)
	}
	c := control{kind: kind(b[1]), body: b[2:]}
	if c.kind < kindHello || c.kind > kindSettled {
		return control{}, fmt.Errorf("%w: control message of kind %d", allreduce.ErrFrame, c.kind)
	}
	return c, nil
}

// reasons are the named errors that a refusal carries by index. Order is part
// of the wire format.
var reasons = [...]error{allreduce.ErrFrame, allreduce.ErrRun, allreduce.ErrStale, allreduce.ErrRoster}

// refusal tells a client why it is not let in. The text is written from the
// server's point of view and says so.
func refusal(err error) control {
	code := byte(0)
	for i, r := range reasons {
		if errors.Is(err, r) {
			code = byte(i)
		}
	}
	return control{kind: kindRefusal, body: append([]byte{code}, err.Error()...)}
}

// refused is the client's side of refusal.
func refused(body []byte) error {
	if len(body) == 0 || int(body[0]) >= len(reasons) {
		return fmt.Errorf("%w: a refusal without a reason", allreduce.ErrFrame)
	}
	return fmt.Errorf("%w: refused by the peer, in its words: %s", reasons[body[0]], body[1:])
}
