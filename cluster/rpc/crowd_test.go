package rpc

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// from is a connection from an address, of which only that it is closed
// matters.
type from struct {
	net.Conn
	addr   string
	closed bool
}

func (f *from) RemoteAddr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", f.addr)
	if err != nil {
		panic(err)
	}
	return a
}

func (f *from) Close() error { f.closed = true; return nil }

// A flood from one host pushes out its own connections, oldest first, and not
// before each has had its time.
func TestCrowdPushesOutTheFlood(t *testing.T) {
	const stay = 100 * time.Millisecond
	var w crowd
	begin := time.Unix(1e9, 0)
	honest := &from{addr: "10.0.0.1:1"}
	w.enter(honest, begin) // the oldest of all
	var flood []*from
	for i := range 5 {
		f := &from{addr: fmt.Sprintf("10.0.0.9:%d", i+1)}
		flood = append(flood, f)
		if !w.enter(f, begin.Add(time.Duration(i)*time.Millisecond)) {
			t.Fatal("turned away")
		}
	}
	if wait := w.push(begin.Add(40*time.Millisecond), stay); wait != 60*time.Millisecond || w.len() != 6 {
		t.Errorf("come again in %v with %d connections, want 60ms and 6", wait, w.len())
	}
	late := begin.Add(time.Second)
	for i := range 4 { // until there is one of each
		w.push(late, stay)
		for j, f := range flood {
			if f.closed != (j <= i) {
				t.Errorf("after %d: connection %d of the flood is closed: %v", i+1, j, f.closed)
			}
		}
		if err := w.leave(flood[i]); err == nil || err.Error() != string(crowdedOut) {
			t.Errorf("pushed out, but leaves with %v", err)
		}
	}
	if honest.closed {
		t.Error("the flood of one host pushed out another")
	}
	if err := w.leave(honest); err != nil {
		t.Error(err)
	}
	if w.len() != 1 {
		t.Errorf("%d are left", w.len())
	}
	w.close()
	if err := w.leave(flood[4]); err != errClosed || !flood[4].closed || w.enter(honest, late) {
		t.Errorf("closed: %v, %v", err, flood[4].closed)
	}
	if wait := w.push(late, stay); wait != stay {
		t.Errorf("an empty crowd: again in %v", wait)
	}
}
