package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ballast-ml/ballast/cluster"
)

func TestCallAnswers(t *testing.T) {
	var from string
	s := serve(t, listen(t), func(_ context.Context, f string, req []byte) ([]byte, error) {
		from = f
		return append(req, '!'), nil
	})
	c := listen(t)
	got, err := c.Call(soon(t), s.Addr(), []byte("hi"))
	if err != nil || string(got) != "hi!" {
		t.Errorf("%q, %v", got, err)
	}
	if host, _, err := net.SplitHostPort(from); err != nil || host != "127.0.0.1" {
		t.Errorf("called from %q", from)
	}
}

func TestErrorsOfCall(t *testing.T) {
	c := listen(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for range 2 {
		if _, err := c.Call(soon(t), gone.Addr().String(), nil); !errors.Is(err, cluster.ErrRefused) {
			t.Errorf("nobody there: %v", err)
		}
	}

	s := serve(t, listen(t), func(_ context.Context, _ string, req []byte) ([]byte, error) { return nil, errors.New("not today") })
	if _, err := c.Call(soon(t), s.Addr(), nil); err == nil || err.Error() != "not today" {
		t.Errorf("handler's error: %v", err)
	}

	stuck := serve(t, listen(t), func(ctx context.Context, _ string, req []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, stuck.Addr(), nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cluster.ErrRefused) {
		t.Errorf("no answer: %v", err)
	}

	// A process that dies in a call breaks it; then its port refuses.
	dying := serve(t, listen(t), func(ctx context.Context, _ string, req []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	broken := make(chan error, 1)
	go func() {
		_, err := c.Call(soon(t), dying.Addr(), nil)
		broken <- err
	}()
	for {
		c.mu.Lock()
		dialled := c.mu.peers[dying.Addr()] != nil
		c.mu.Unlock()
		if dialled && dying.crowd.len() == 0 {
			break
		}
	}
	dying.Close()
	if err := <-broken; err == nil {
		t.Error("the call outlived its server")
	}
	if _, err := c.Call(soon(t), dying.Addr(), nil); !errors.Is(err, cluster.ErrRefused) {
		t.Errorf("after the death: %v", err)
	}

	c.Close()
	if _, err := c.Call(soon(t), s.Addr(), nil); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestFirstByteDecides(t *testing.T) {
	s := serve(t, listen(t), echo)
	for first := range 256 {
		if gossip := isGossip(byte(first)); gossip != (first < 14 || first == 244) {
			t.Errorf("byte %#x: %v", first, gossip)
		}
	}
	// One that begins like memberlist's arrives with every byte, the first too.
	c, err := s.DialTimeout(s.Addr(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := "\xf4hello"
	if _, err := c.Write([]byte(sent)); err != nil {
		t.Fatal(err)
	}
	in := <-s.StreamCh()
	defer in.Close()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != sent {
		t.Errorf("got %q, %v", got, err)
	}
	// And gRPC works on the same port.
	if _, err := listen(t).Call(soon(t), s.Addr(), nil); err != nil {
		t.Error(err)
	}
}

func TestPacketsShareThePort(t *testing.T) {
	a, b := serve(t, listen(t), echo), serve(t, listen(t), echo)
	if _, err := a.WriteTo([]byte("hello"), b.Addr()); err != nil {
		t.Fatal(err)
	}
	p := <-b.PacketCh()
	if string(p.Buf) != "hello" || p.From.String() != a.Addr() || p.Timestamp.IsZero() {
		t.Errorf("got %q from %v, sent by %s", p.Buf, p.From, a.Addr())
	}
	if _, err := a.WriteTo(nil, "somewhere:1"); err == nil {
		t.Error("sent a packet to a name")
	}
}

func TestCloseEndsSilentConnections(t *testing.T) {
	s, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, echo)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for noted := false; !noted; { // until it has been accepted
		noted = s.crowd.len() == 1
	}
	begun := time.Now()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(begun); took > usual.patience/2 {
		t.Errorf("Close took %v", took)
	}
	if err := s.Serve(echo); !errors.Is(err, errClosed) {
		t.Errorf("Serve after Close: %v", err)
	}
	again, err := Listen(t.Context(), s.Addr())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	again.Close()
}

func TestPanicIsOneCallsTrouble(t *testing.T) {
	var log bytes.Buffer
	s := serve(t, listen(t, Log(zerolog.New(&log))), func(_ context.Context, _ string, req []byte) ([]byte, error) {
		if string(req) == "boom" {
			panic("the secret is 42")
		}
		return req, nil
	})
	c := listen(t)
	_, err := c.Call(soon(t), s.Addr(), []byte("boom"))
	if err == nil || err.Error() != "internal error" {
		t.Errorf("the caller sees %v", err)
	}
	if !strings.Contains(log.String(), "the secret is 42") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("the log has no stack: %s", log.String())
	}
	if got, err := c.Call(soon(t), s.Addr(), []byte("ok")); err != nil || string(got) != "ok" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

func TestOtherServicesShareTheServer(t *testing.T) {
	type anything interface{}
	desc := grpc.ServiceDesc{ServiceName: "test.Other", HandlerType: (*anything)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "Boom", ServerStreams: true,
		Handler: func(any, grpc.ServerStream) error { panic("boom") },
	}}}
	s := listen(t)
	s.Register(func(r grpc.ServiceRegistrar) { r.RegisterService(&desc, struct{}{}) })
	serve(t, s, echo)
	p, err := s.peer(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := p.conn.NewStream(soon(t), &desc.Streams[0], "/test.Other/Boom")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(nil); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "boom") {
		t.Errorf("a panicking stream gives %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Register after Serve did not panic")
		}
	}()
	s.Register(func(grpc.ServiceRegistrar) {})
}
