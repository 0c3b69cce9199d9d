package cluster

import (
	"context"
	"fmt"
	"time"
)

// exit says that a process has ended, in the words of who started it.
type exit struct {
	Member string `json:"member"`
	Reason string `json:"reason"`
}

// exited takes it as proof.
func (s *state) exited(ctx context.Context, e exit) any {
	if p := s.peers[e.Member]; p != nil {
		s.died(ctx, p, "it has ended: "+clip(e.Reason))
	}
	return nothing{}
}

// ReportExit tells the node at addr that the process of the member called name
// has ended: the proof that only its launcher has if the member's host does
// not answer any more. The caller need not be a node.
func ReportExit(ctx context.Context, c Caller, addr string, secret []byte, name, reason string) error {
	caller, err := outsider(c, secret)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err = caller.ask(ctx, addr, "", kindExit, exit{name, clip(reason)}, nil)
	return err
}

// Ask asks the node at addr, a host:port, for its [Node.Status]. The asker
// need not be a node: it needs the run's secret and a way to send messages,
// such as a [Network] that does not serve.
func Ask(ctx context.Context, c Caller, addr string, secret []byte) ([]MemberStatus, error) {
	caller, err := outsider(c, secret)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var all []MemberStatus
	if _, err := caller.ask(ctx, addr, "", kindStatus, nothing{}, &all); err != nil {
		return nil, err
	}
	if len(all) > 2*maxMembers {
		return nil, fmt.Errorf("cluster: %s tells of %d members", addr, len(all))
	}
	return all, nil
}

// askTimeout bounds Ask: the node asked asks all others meanwhile.
const askTimeout = callTimeout + 2*time.Second

// outsider is the caller of a process that is no node.
func outsider(c Caller, secret []byte) (caller, error) {
	k, err := deriveKeys(secret)
	if err != nil {
		return caller{}, err
	}
	return caller{key: k.message, network: c}, nil
}
