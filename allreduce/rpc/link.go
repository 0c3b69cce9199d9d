package rpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/allreduce"
)

const (
	sendQueue    = 4                      // frames between Send and gRPC's own buffer
	closeTimeout = time.Second            // for the next node to read what was sent
	abortTimeout = 250 * time.Millisecond // for the farewell to get out
)

// link is a node's two streams: next.go has the half that sends, prev.go the half
// that receives.
type link struct {
	t      allreduce.Topology
	cancel context.CancelFunc // ends the client stream

	conn   *grpc.ClientConn
	stream grpc.ClientStream // to the next node
	queue  chan *allreduce.Frame
	flush  chan struct{} // closed: the sender sends what it has, and ends
	sent   chan struct{} // closed: the sender has ended
	acked  chan struct{} // closed: the next node has read all, or the stream has ended
	intact bool          // the former; set before acked is closed
	left   chan struct{} // closed: the next node ended in order
	wg     sync.WaitGroup

	server  grpc.ServerStream // from the previous node, once joined
	pool    allreduce.Pool    // of received frames
	joined  chan struct{}     // closed: server is set and welcomed
	gone    chan struct{}     // closed: the previous node ended in order
	release chan struct{}     // closed: the handler may say goodbye and return
	served  chan struct{}     // closed: the handler is returning
	saying  sync.Mutex        // one SendMsg at a time on server

	dead chan struct{} // closed with mu.err set
	once sync.Once     // Close
	mu   struct {
		sync.Mutex
		err    error
		began  bool // sender and reader run
		closed bool // nothing that happens now is an error
	}
}

var _ allreduce.Link = (*link)(nil)

func newLink(t allreduce.Topology, cancel context.CancelFunc) *link {
	signal := func() chan struct{} { return make(chan struct{}) }
	return &link{
		t: t, cancel: cancel,
		queue: make(chan *allreduce.Frame, sendQueue),
		flush: signal(), sent: signal(), acked: signal(), left: signal(),
		joined: signal(), gone: signal(), release: signal(), served: signal(),
		dead: signal(),
	}
}

// farewell is the error that a neighbour's last words mean for this node.
func farewell(t allreduce.Topology, rank int, body []byte) error {
	w, err := allreduce.ParseFarewell(body)
	if err != nil {
		return peerError(t, rank, err)
	}
	return w.Err(t, rank)
}

// Abort implements allreduce.Link.
func (l *link) Abort(reason error) { l.fail(reason) }

// fail ends the link because of err, if it has not ended yet. Sender and
// handler then tell the neighbours; a sender that cannot is cut short.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.err != nil || l.mu.closed {
		return
	}
	l.mu.err = err
	close(l.dead)
	if !l.mu.began {
		l.cancel() // a handshake may be waiting
		return
	}
	time.AfterFunc(abortTimeout, l.cancel)
}

func (l *link) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.err
}

// Close implements allreduce.Link.
func (l *link) Close() (err error) {
	l.once.Do(func() { err = l.close() })
	return err
}

func (l *link) close() error {
	l.mu.Lock()
	began, orderly := l.mu.began, l.mu.err == nil
	l.mu.Unlock()
	close(l.flush)
	if began {
		limit := time.AfterFunc(closeTimeout, l.cancel)
		<-l.sent
		<-l.acked
		limit.Stop()
	}
	l.mu.Lock()
	l.mu.closed = true
	serving, err := l.server != nil, l.mu.err
	l.mu.Unlock()
	close(l.release)
	if serving {
		<-l.served
	}
	l.cancel()
	if l.conn != nil {
		l.conn.Close()
	}
	l.wg.Wait()
	if orderly && !l.intact {
		return err
	}
	return nil // delivered, or the error was returned where it happened
}
