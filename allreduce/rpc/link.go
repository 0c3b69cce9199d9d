package rpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

const (
	sendQueue    = 4                      // frames between Send and gRPC's own buffer
	closeTimeout = time.Second            // for the next node to read what was sent
	abortTimeout = 250 * time.Millisecond // for the farewell to get out
)

// link is a node's two streams: next.go has the half that sends, prev.go the half
// that receives.
type link struct {
	from    *Transport
	options Options
	t       allreduce.Topology
	cancel  context.CancelFunc // ends the client stream

	conn   *grpc.ClientConn
	stream grpc.ClientStream // to the next node
	queue  chan *allreduce.Frame
	flush  chan struct{} // closed: the sender sends what it has, and ends
	sent   chan struct{} // closed: the sender has ended
	acked  chan struct{} // closed: the next node has read all, or the stream has ended
	intact bool          // the former; set before acked is closed
	left   chan struct{} // closed: the next node ended in order
	wg     sync.WaitGroup
	out    outlet // where the sender's frames go

	server  grpc.ServerStream // from the previous node, once joined
	pool    allreduce.Pool    // of received frames
	frames  allreduce.Pool    // of frames to send
	joined  chan struct{}     // closed: server is set and welcomed
	gone    chan struct{}     // closed: the previous node ended in order
	release chan struct{}     // closed: the handler may say goodbye and return
	served  chan struct{}     // closed: the handler is returning
	inlet   *wire.Receiver    // where frames come from; nil: server
	inWay   Way
	choice  chan Way      // the previous node's
	bye     chan struct{} // with an inlet, closed: the previous node said so on server
	saying  sync.Mutex    // one SendMsg at a time on server

	receiving sync.Mutex // held by Recv on inlet

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

func newLink(from *Transport, t allreduce.Topology, cancel context.CancelFunc) *link {
	signal := func() chan struct{} { return make(chan struct{}) }
	o := from.options
	if t.Stride > 1 {
		o.Way = GRPC // a chord carries a few small messages a step
	}
	return &link{
		from: from, options: o, t: t, cancel: cancel,
		queue: make(chan *allreduce.Frame, sendQueue),
		flush: signal(), sent: signal(), acked: signal(), left: signal(),
		joined: signal(), gone: signal(), release: signal(), served: signal(),
		choice: make(chan Way, 1),
		bye:    signal(), dead: signal(),
	}
}

// Ways returns how frames travel to the next node and from the previous one.
func (l *link) Ways() (to, from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.way.String(), l.inWay.String()
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
	l.cut()
	if !l.mu.began {
		l.cancel() // a handshake may be waiting
		return
	}
	time.AfterFunc(abortTimeout, l.cancel)
}

// giveUp stops waiting for the next node to read.
func (l *link) giveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut()
	l.cancel()
}

// cut ends the connections beside gRPC, so that nobody waits for them; the
// caller holds l.mu.
func (l *link) cut() {
	if l.out.to != nil {
		l.out.to.Close()
	}
	if l.inlet != nil {
		l.inlet.Close()
	}
}

// Done implements allreduce.Link.
func (l *link) Done() <-chan struct{} { return l.dead }

// Err implements allreduce.Link.
func (l *link) Err() error { return l.err() }

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
		limit := time.AfterFunc(closeTimeout, l.giveUp)
		<-l.sent
		<-l.acked
		limit.Stop()
	}
	l.mu.Lock()
	l.mu.closed = true
	serving, err := l.server != nil, l.mu.err
	l.mu.Unlock()
	close(l.release)
	l.out.end(false)
	l.mu.Lock()
	l.cut()
	l.mu.Unlock()
	if serving {
		<-l.served
	}
	l.cancel()
	if l.conn != nil {
		l.conn.Close()
	}
	l.wg.Wait()
	l.drain()
	if l.out.to != nil {
		l.out.to.Drop()
	}
	l.dropInlet()
	if orderly && !l.intact {
		return err
	}
	return nil // delivered, or the error was returned where it happened
}
