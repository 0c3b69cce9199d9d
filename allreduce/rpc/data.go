package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/ballast-ml/ballast/allreduce/shm"
	"github.com/ballast-ml/ballast/allreduce/wire"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// DataByte begins a plain connection that carries frames; gRPC's begin with
// 'P' and TLS ones with 0x16. A TLS connection asks for the protocol
// jobkey.Ring or jobkey.LocalRing. The nonce of an offer follows, then frames
// as package wire has them.
const DataByte = 0xb1

// dialTCP opens a data connection to the server at addr.
func (o Options) dialTCP(ctx context.Context, addr string, nonce shm.Nonce) (*wire.Sender, error) {
	c, err := o.dialer()(ctx, addr)
	if err != nil {
		return nil, err
	}
	s, err := o.secure(ctx, c)
	if err == nil {
		limit, _ := ctx.Deadline()
		_ = s.SetDeadline(limit) // if it cannot be set, the write fails too
		_, err = s.Write(append([]byte{DataByte}, nonce[:]...))
		_ = s.SetDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return wire.NewSender(s, nil), nil
}

// secure shakes hands over c as the settings want it.
func (o Options) secure(ctx context.Context, c net.Conn) (net.Conn, error) {
	switch {
	case o.TLS == nil:
		return c, nil
	case o.PlainLoopback && jobkey.IsLocal(c):
		return jobkey.ClientLocal(ctx, c, o.TLS, jobkey.LocalRing, jobkey.Ring)
	}
	config := o.TLS.Clone()
	config.NextProtos = []string{jobkey.Ring}
	t := tls.Client(c, config)
	return t, t.HandshakeContext(ctx)
}

func (o Options) dialer() func(context.Context, string) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial
	}
	return func(ctx context.Context, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
}

// Join takes a data connection that the server of the port has accepted, and
// owns it. It reads the nonce and hands c to the stream that gave it away;
// nobody else's is taken. It returns within seconds.
func (t *Transport) Join(c net.Conn) {
	var head [1 + len(shm.Nonce{})]byte
	_ = c.SetReadDeadline(time.Now().Add(wayTimeout))
	if _, err := io.ReadFull(c, head[:]); err != nil || head[0] != DataByte {
		_ = c.Close()
		return
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		_ = c.Close()
		return
	}
	t.mu.Lock()
	waiting := t.mu.waiting[shm.Nonce(head[1:])]
	delete(t.mu.waiting, shm.Nonce(head[1:]))
	t.mu.Unlock()
	if waiting == nil {
		_ = c.Close()
		return
	}
	waiting <- c // it has room for the one
}

// expect lets a data connection with that nonce come. The caller calls forget
// in the end.
func (t *Transport) expect(nonce shm.Nonce) <-chan net.Conn {
	came := make(chan net.Conn, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.waiting[nonce] = came
	return came
}

// forget ends what expect began, and closes a connection that nobody took.
func (t *Transport) forget(nonce shm.Nonce, came <-chan net.Conn) {
	t.mu.Lock()
	delete(t.mu.waiting, nonce)
	t.mu.Unlock()
	select {
	case c := <-came:
		_ = c.Close()
	default:
	}
}

// await returns the receiver of the connection that comes.
func await(ctx context.Context, came <-chan net.Conn) (*wire.Receiver, error) {
	select {
	case c := <-came:
		return wire.NewReceiver(c, nil), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no data connection came: %w", context.Cause(ctx))
	}
}
