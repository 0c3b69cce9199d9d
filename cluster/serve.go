package cluster

import (
	"context"
	"fmt"
	"time"
)

// handle answers one direct message; it is the node's Handler. Messages are
// decoded and authenticated here, on the caller's goroutine, and then given to
// the goroutine that owns the state.
func (n *Node) handle(ctx context.Context, from string, req []byte) ([]byte, error) {
	q, err := decodeEnvelope(req)
	if err != nil {
		return nil, err
	}
	body, err := n.reply(ctx, from, q)
	if err != nil {
		return nil, err
	}
	a, err := newEnvelope(q.Kind, n.self.Name, q.From, q.Nonce, body)
	if err != nil {
		return nil, err
	}
	a.seal(n.caller.key, answer)
	return a.encode()
}

// reply returns the body of the answer to q. Two kinds come from nodes that
// are not members yet and check the secret by themselves.
func (n *Node) reply(ctx context.Context, from string, q *envelope) (any, error) {
	switch q.Kind {
	case kindChallenge:
		return challenged{n.challenges.issue()}, nil
	case kindHello:
		return n.greet(ctx, from, q)
	}
	if !q.genuine(n.caller.key, question) {
		n.strangers.Warn().Str("peer", from).Str("kind", q.Kind).Msg("refused a message signed with another secret")
		return nil, errSecret
	}
	switch q.Kind {
	case kindPing: // to whoever is here; the answer names the node
		return n.own(time.Now()), nil
	case kindStatus:
		return n.Status(ctx), nil
	}
	if q.To != n.self.Name && (q.To != "" || q.Kind != kindExit) {
		return nil, fmt.Errorf("cluster: this is %s, not %s", n.self.Name, q.To)
	}
	if ok, again := n.heard.first(q.From, q.Nonce); !ok {
		n.strangers.Warn().Str("peer", from).Str("kind", q.Kind).Str("of", q.From).Uint64("times", again).
			Msg("refused a message that was answered before")
		return nil, errReplayed
	}
	if q.Kind == kindWatch {
		var w watching
		if err := q.open(&w); err != nil {
			return nil, err
		}
		return n.watched(ctx, w)
	}
	return n.obey(ctx, q)
}

// obey carries out a question that only the owner of the state can answer.
func (n *Node) obey(ctx context.Context, q *envelope) (any, error) {
	switch q.Kind {
	case kindRequest:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, r request) any { return s.requested(ctx, q.From, r) })
	case kindOffer:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, o offer) any { return s.offered(ctx, q.From, o) })
	case kindCommit:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, c commit) any { return s.committed(ctx, c.Roster) })
	case kindPlea:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, p plea) any { return s.pleaded(ctx, p, q.From) })
	case kindHint:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, h hint) any { return s.hinted(ctx, q.From, h, time.Now()) })
	case kindExit:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, e exit) any { return s.exited(ctx, e) })
	case kindStop:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, b stop) any { return s.stopped(q.From, b.Reason) })
	case kindReport:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, l Loss) any { return s.reported(ctx, q.From, l) })
	case kindGoodbye:
		return inquire(ctx, n, q, func(ctx context.Context, s *state, g goodbye) any { return s.parted(ctx, q.From, g) })
	default:
		return nil, fmt.Errorf("cluster: unknown kind of message %.20q", q.Kind)
	}
}

// inquire decodes the body of q, runs f on the goroutine that owns the state,
// and returns what f returns. An error that f returns goes to the asker.
func inquire[T any](ctx context.Context, n *Node, q *envelope, f func(context.Context, *state, T) any) (any, error) {
	var body T
	if err := q.open(&body); err != nil {
		return nil, err
	}
	result := make(chan any, 1)
	if !n.post(func(ctx context.Context, s *state) { result <- f(ctx, s, body) }) {
		return nil, ErrLeft
	}
	select {
	case r := <-result:
		if err, ok := r.(error); ok {
			return nil, err
		}
		return r, nil
	case <-n.done:
		return nil, ErrLeft
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
