package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ballast-ml/ballast/cluster"
)

// peer is a connection to one address and the last error of dialling it and
// shaking hands, which grpc tells only as text.
type peer struct {
	addr string
	tls  *tls.Config // nil: plain
	conn *grpc.ClientConn
	mu   struct {
		sync.Mutex
		heard *hearing // the last connection; nil if there was none
		err   error
	}
}

// Call sends a direct message to the node at addr and returns its answer. A
// connection that failed is thrown away, so that each try after a failure
// dials anew and its error is of now.
func (s *Server) Call(ctx context.Context, addr string, req []byte) ([]byte, error) {
	return s.call(ctx, addr, exchange, req)
}

// call is Call for a method from bytes to bytes.
func (s *Server) call(ctx context.Context, addr, method string, req []byte) ([]byte, error) {
	p, err := s.peer(addr)
	if err != nil {
		return nil, err
	}
	answer := new(wrapperspb.BytesValue)
	err = p.conn.Invoke(ctx, method, wrapperspb.Bytes(req), answer)
	if err == nil {
		return answer.GetValue(), nil
	}
	if c := status.Code(err); c == codes.Unavailable || c == codes.DeadlineExceeded {
		s.drop(addr, p)
	}
	return nil, p.explain(err)
}

// peer returns the connection to addr, which is made but not yet dialled.
func (s *Server) peer(addr string) (*peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return nil, errClosed
	}
	if p := s.mu.peers[addr]; p != nil {
		return p, nil
	}
	p := &peer{addr: addr, tls: s.tls}
	conn, err := grpc.NewClient("passthrough:///"+addr, append([]grpc.DialOption{
		grpc.WithContextDialer(p.dial),
		grpc.WithTransportCredentials(s.credentials(p)),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
	}, s.dial...)...)
	if err != nil {
		return nil, fmt.Errorf("rpc: %s: %w", addr, err)
	}
	p.conn = conn
	s.mu.peers[addr] = p
	return p, nil
}

// drop forgets p.
func (s *Server) drop(addr string, p *peer) {
	s.mu.Lock()
	mine := s.mu.peers[addr] == p
	if mine {
		delete(s.mu.peers, addr)
	}
	s.mu.Unlock()
	if mine {
		_ = p.conn.Close() // nothing is lost: it has failed already
	}
}

// dial opens a connection, without any proxy.
func (p *peer) dial(ctx context.Context, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.heard, p.mu.err = nil, err
	if err != nil {
		return nil, err
	}
	p.mu.heard = &hearing{Conn: c}
	return p.mu.heard, nil
}

// note keeps the error of a handshake.
func (p *peer) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.err = err
}

// explain turns an error of grpc into one that the cluster understands.
func (p *peer) explain(err error) error {
	p.mu.Lock()
	dialled, denied := p.mu.err, p.mu.heard != nil && p.mu.heard.denied()
	p.mu.Unlock()
	st, _ := status.FromError(err)
	switch {
	case st.Code() == codes.DeadlineExceeded:
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	case st.Code() == codes.Canceled:
		return fmt.Errorf("given up: %w", context.Canceled)
	case st.Code() == codes.Unavailable && errors.Is(dialled, syscall.ECONNREFUSED):
		return fmt.Errorf("%w", cluster.ErrRefused)
	case st.Code() == codes.Unavailable && (denied || dialled != nil):
		return explainDial(p.addr, p.tls, denied, dialled)
	default:
		return errors.New(st.Message())
	}
}
