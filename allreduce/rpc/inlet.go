package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/shm"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// settle agrees with the previous node on how its frames travel. It runs in the
// handler of the joined stream, before any frame. It reports false if that ends
// before.
func (l *link) settle(ctx context.Context) bool {
	o := l.options
	var from offer
	_, _ = rand.Read(from.nonce[:]) // never fails
	came := l.from.expect(from.nonce)
	defer l.from.forget(from.nonce, came)
	from.tcp = o.Port && o.Way.allows(TCP)
	var door *shm.Door
	if o.Way.allows(Memory) {
		var err error
		if door, err = shm.Open(); err == nil {
			from.door = door.Name()
			defer door.Close()
		}
	}
	if l.say(control{kind: kindOffer, body: from.append(nil)}) != nil {
		return false
	}
	var way Way
	select {
	case way = <-l.choice:
	case <-l.dead:
		return false
	case <-l.release:
		return false
	case <-ctx.Done():
		return false
	}
	r, err := l.open(ctx, way, from, came, door)
	if err != nil {
		way = GRPC // which the previous node may not want; it says so then
	}
	l.mu.Lock()
	l.inlet, l.inWay = r, way
	l.mu.Unlock()
	return l.say(control{kind: kindSettled, body: []byte{byte(way)}}) == nil
}

// open returns the receiver of the way that the previous node has chosen; none
// for GRPC.
func (l *link) open(ctx context.Context, way Way, from offer, came <-chan net.Conn, door *shm.Door) (*wire.Receiver, error) {
	limit := time.Now().Add(wayTimeout)
	switch {
	case way == Memory && door != nil:
		return door.Accept(from.nonce, limit)
	case way == TCP && from.tcp:
		ctx, cancel := context.WithDeadline(ctx, limit)
		defer cancel()
		return await(ctx, came)
	case way == GRPC:
		return nil, nil
	default:
		return nil, fmt.Errorf("%w: it takes a way that was not offered", allreduce.ErrFrame)
	}
}

// hear reads what the previous node says on the stream: its choice, and, if
// frames come another way, how it ends. It ends with the stream.
func (l *link) hear(ss receiver) {
	m, err := next(ss, &l.pool)
	if err == nil && (m.frame != nil || m.control.kind != kindChoice) {
		err = fmt.Errorf("%w: no choice of a way", allreduce.ErrFrame)
	}
	var way Way
	if err == nil {
		way, err = parseWay(m.control.body)
	}
	if err != nil {
		l.fail(lost(l.t, l.t.Prev(), err))
		return
	}
	l.choice <- way
	select {
	case <-l.joined:
	case <-l.served:
		return
	}
	if l.inlet == nil {
		return // Recv reads the stream
	}
	l.hearEnd(ss)
}

// hearEnd waits for the end of a previous node whose frames come another way.
func (l *link) hearEnd(ss receiver) {
	if err := l.parted(next(ss, &l.pool)); err != nil {
		l.fail(err)
		return
	}
	close(l.bye)
}

// recv is Recv over a way beside the stream.
func (l *link) recv() (*allreduce.Frame, error) {
	l.receiving.Lock()
	defer l.receiving.Unlock()
	if err := l.over(); err != nil {
		return nil, err
	}
	f, err := l.inlet.Recv()
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, allreduce.ErrFrame):
		l.fail(peerError(l.t, l.t.Prev(), err))
		return nil, l.over()
	}
	wait := time.NewTimer(closeTimeout) // the word on the stream comes at once, or never
	defer wait.Stop()
	if err != io.EOF {
		wait.Reset(grace)
	}
	select {
	case <-l.bye:
		if err == io.EOF {
			close(l.gone)
			l.say(control{kind: kindAck})
			return nil, l.over()
		}
	case <-l.dead:
	case <-l.release:
	case <-wait.C:
	}
	l.fail(peerError(l.t, l.t.Prev(), fmt.Errorf("%w: %v", allreduce.ErrLost, err)))
	return nil, l.over()
}

// dropInlet lets go of the way that frames came; no Recv finds it any more.
func (l *link) dropInlet() {
	l.receiving.Lock()
	defer l.receiving.Unlock()
	if l.inlet != nil {
		l.inlet.Drop()
	}
}
