package rpc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/allreduce/rpc"
)

// TestStranger has a node of another run, and of a wrong rank, knock at a node
// whose ring works. They are turned away by name; the ring does not notice.
func TestStranger(t *testing.T) {
	net := loopback(t, 2)
	bounds := allreducetest.Bounds(8, 2)
	rings := net.Form(t, bounds, allreduce.Sizes{})
	for name, edit := range map[string]func(*allreduce.Topology){
		"run":  func(t *allreduce.Topology) { t.Run = "other" },
		"old":  func(t *allreduce.Topology) { t.Generation = 0 },
		"same": func(*allreduce.Topology) {},
	} {
		stranger := newProcess(t, rpc.Options{})
		top := net.Topology(0, bounds, allreduce.Sizes{})
		edit(&top)
		_, err := allreduce.Form(t.Context(), stranger.transport, top)
		want := allreduce.ErrStale
		if name == "run" {
			want = allreduce.ErrRun
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	errs := allreducetest.Each(2, func(r int) error {
		_, err := rings[r].At(1).Broadcast(t.Context(), 0, []byte("x"))
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestRefusedConnection: nobody listens at the next node's address.
func TestRefusedConnection(t *testing.T) {
	net := loopback(t, 2)
	net.Kill(1)
	_, err := allreduce.Form(t.Context(), net.Transports[0], net.Topology(0, allreducetest.Bounds(8, 2), allreduce.Sizes{}))
	pe, ok := errors.AsType[*allreduce.PeerError](err)
	if !ok || pe.Rank != 1 || !errors.Is(err, allreduce.ErrLost) {
		t.Errorf("%v, want a PeerError of rank 1: ErrLost", err)
	}
}

// TestManyParked opens more streams than a node parks for rings to come.
func TestManyParked(t *testing.T) {
	p := newProcess(t, rpc.Options{})
	conn, err := grpc.NewClient("passthrough:///"+p.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refused := make(chan error, 1)
	for range 80 { // silent, all of them
		desc := grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
		s, err := conn.NewStream(ctx, &desc, "/ballast.allreduce.Ring/Stream", grpc.CallContentSubtype("ballast-raw"))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if err := s.RecvMsg(nil); status.Code(err) == codes.ResourceExhausted {
				select {
				case refused <- err:
				default:
				}
			}
		}()
	}
	select {
	case <-refused:
	case <-time.After(10 * time.Second):
		t.Error("80 streams are parked")
	}
}
