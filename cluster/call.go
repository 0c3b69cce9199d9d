package cluster

import (
	"context"
	"errors"
	"fmt"
)

// caller asks direct questions in the name of one node.
type caller struct {
	self    Member
	key     []byte
	network Caller
}

// ask sends a question to the member called to at addr and decodes the body of
// the answer into dst, a pointer, unless dst is nil. With to empty, whoever is
// at addr may answer. It returns the name of the answerer. If the answer is
// not signed with our secret the error is errSecret; dst is set then too, so
// that a refusal by a stranger can be told, but nothing else may be believed.
// Where the network itself asks for the secret, a stranger does not even
// answer: then it is the network's *RefusedError or, from somebody who was
// known, errReplaced.
func (c caller) ask(ctx context.Context, addr, to, kind string, body, dst any) (from string, err error) {
	q, err := newEnvelope(kind, c.self.Name, to, nonce(), body)
	if err != nil {
		return "", err
	}
	q.seal(c.key, question)
	req, err := q.encode()
	if err != nil {
		return "", err
	}
	b, err := c.network.Call(ctx, addr, req)
	if differs, ok := errors.AsType[*RefusedError](err); ok {
		if to != "" { // who was there before had our secret
			return "", fmt.Errorf("cluster: %s to %s: %w: %w", kind, addr, errReplaced, differs)
		}
		return "", differs
	}
	if err != nil {
		return "", fmt.Errorf("cluster: %s to %s: %w", kind, addr, err)
	}
	a, err := decodeEnvelope(b)
	if err != nil {
		return "", err
	}
	switch {
	case a.Kind != kind || string(a.Nonce) != string(q.Nonce):
		return "", fmt.Errorf("cluster: %s answered %s with something else", addr, kind)
	case to != "" && a.From != to:
		return a.From, fmt.Errorf("cluster: %s has become %s: %w", at(Member{to, addr, "", ""}), a.From, errReplaced)
	}
	if dst != nil {
		if err := a.open(dst); err != nil {
			return a.From, err
		}
	}
	if !a.genuine(c.key, answer) {
		return a.From, fmt.Errorf("cluster: %s from %s: %w", kind, addr, errSecret)
	}
	return a.From, nil
}

// tell asks a question whose answer says nothing.
func (c caller) tell(ctx context.Context, m Member, kind string, body any) error {
	_, err := c.ask(ctx, m.Addr, m.Name, kind, body, nil)
	return err
}
