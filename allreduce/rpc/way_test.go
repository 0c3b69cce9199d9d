package rpc_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/allreduce/rpc"
)

// between forms a ring of two nodes and returns how frames travel from the
// first to the second.
func between(t *testing.T, from, to rpc.Options) (way string, err error) {
	var n allreducetest.Net
	for _, o := range []rpc.Options{from, to} {
		p := newProcess(t, o)
		n.Transports, n.Addrs = append(n.Transports, p.transport), append(n.Addrs, p.addr)
	}
	bounds := allreducetest.Bounds(8, 2)
	errs := allreducetest.Each(2, func(r int) error {
		ring, err := allreduce.Form(t.Context(), n.Transports[r], n.Topology(r, bounds, allreduce.Sizes{}))
		if err != nil {
			return err
		}
		defer ring.Close()
		if r == 0 {
			way, _ = ring.Ways()
		}
		parts, factors := allreducetest.Inputs(8, 100_000, 1)
		lo, hi := bounds[r], bounds[r+1]
		return ring.At(1).Sum(t.Context(), ring.Alloc(100_000), parts[lo:hi], factors[lo:hi])
	})
	return way, errors.Join(errs...)
}

// TestWays checks which way is taken, from what both ends allow, and that a way
// which is demanded but not to be had is the settings' fault.
func TestWays(t *testing.T) {
	for _, c := range []struct {
		from, to rpc.Way
		want     string // "" is an error
	}{
		{rpc.Auto, rpc.Auto, "shm"},
		{rpc.Auto, rpc.TCP, "tcp"},
		{rpc.TCP, rpc.Auto, "tcp"},
		{rpc.Memory, rpc.Auto, "shm"},
		{rpc.Auto, rpc.GRPC, "grpc"},
		{rpc.GRPC, rpc.Auto, "grpc"},
		{rpc.TCP, rpc.GRPC, ""},
		{rpc.Memory, rpc.TCP, ""},
	} {
		got, err := between(t, rpc.Options{Way: c.from}, rpc.Options{Way: c.to})
		if c.want != "" && (err != nil || got != c.want) {
			t.Errorf("%v to %v: %s, %v, want %s", c.from, c.to, got, err, c.want)
		}
		if w, ok := errors.AsType[*rpc.WayError](err); c.want == "" && (!ok || w.Want == rpc.Auto) {
			t.Errorf("%v to %v: %s, %v, want a WayError", c.from, c.to, got, err)
		}
	}
}

func TestParseWay(t *testing.T) {
	for _, word := range rpc.Ways() {
		if w, err := rpc.ParseWay(word); err != nil || w.String() != word {
			t.Errorf("%s: %v, %v", word, w, err)
		}
	}
	if w, err := rpc.ParseWay(""); err != nil || w != rpc.Auto {
		t.Errorf("nothing: %v, %v", w, err)
	}
	if _, err := rpc.ParseWay("smoke"); err == nil {
		t.Error("smoke is a way")
	}
}

// TestTCPOverTLS moves frames over data connections that are encrypted, and
// over ones that only begin so.
func TestTCPOverTLS(t *testing.T) {
	for _, plain := range []bool{false, true} {
		o := rpc.Options{TLS: secured(t, "a secret of the job"), PlainLoopback: plain, Way: rpc.TCP}
		if way, err := between(t, o, o); way != "tcp" || err != nil {
			t.Errorf("plain %v: %s, %v", plain, way, err)
		}
	}
}

// TestDataOfStrangers opens data connections without a nonce that anybody has
// given away, and in plain to a secured node. They are closed, and a ring that
// works does not notice.
func TestDataOfStrangers(t *testing.T) {
	for name, o := range map[string]rpc.Options{
		"plain": {Way: rpc.TCP}, "secured": {Way: rpc.TCP, TLS: secured(t, "a secret of the job")},
	} {
		net2 := connected(t, 2, o)
		rings := net2.Form(t, allreducetest.Bounds(8, 2), allreduce.Sizes{})
		c, err := net.Dial("tcp", net2.Addrs[0])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(append([]byte{rpc.DataByte}, make([]byte, 100)...)); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the stranger is kept", name)
		}
		errs := allreducetest.Each(2, func(r int) error {
			_, err := rings[r].At(1).Broadcast(t.Context(), 0, []byte("x"))
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
