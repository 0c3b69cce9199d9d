package rpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/shm"
	"github.com/ballast-ml/ballast/allreduce/wire"
)

// Way is how the frames of one edge travel.
type Way byte

// The ways. As a setting, Auto takes the fastest that can be had, and each of
// the others is the only one that will do.
const (
	GRPC   Way = iota // on the gRPC stream
	TCP               // on a TCP connection of their own
	Memory            // through memory that both processes have mapped
	Auto
)

var ways = [...]string{"grpc", "tcp", "shm", "auto"}

// Ways are the words of ParseWay.
func Ways() []string { return []string{"auto", "shm", "tcp", "grpc"} }

// String returns the way's word.
func (w Way) String() string {
	if int(w) < len(ways) {
		return ways[w]
	}
	return fmt.Sprintf("Way(%d)", byte(w))
}

// ParseWay returns the way of a word; "" is auto.
func ParseWay(word string) (Way, error) {
	if word == "" {
		return Auto, nil
	}
	for i, w := range ways {
		if w == word {
			return Way(i), nil
		}
	}
	return Auto, fmt.Errorf("transport %q: want one of %v", word, Ways())
}

// allows reports whether the setting w lets frames travel that way.
func (w Way) allows(way Way) bool { return w == Auto || w == way }

// offer is what the receiver of an edge tells its sender: the ways that are
// open. Its frames can always come on the stream itself.
type offer struct {
	nonce shm.Nonce // shows on another connection that it belongs to this stream
	tcp   bool      // data connections are taken at the address of the server
	door  string    // where memory is handed over; "": nowhere
}

const maxDoor = 107 // the longest name of a Unix socket

func (o offer) append(b []byte) []byte {
	b = append(b, o.nonce[:]...)
	if o.tcp {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return append(b, o.door...)
}

// parseOffer decodes an offer; errors wrap allreduce.ErrFrame.
func parseOffer(b []byte) (o offer, err error) {
	n := len(o.nonce)
	if len(b) < n+1 || len(b) > n+1+maxDoor || b[n] > 1 {
		return o, fmt.Errorf("%w: an offer of %d bytes", allreduce.ErrFrame, len(b))
	}
	copy(o.nonce[:], b)
	o.tcp, o.door = b[n] == 1, string(b[n+1:])
	return o, nil
}

// parseWay decodes the body of a choice or of its confirmation.
func parseWay(b []byte) (Way, error) {
	if len(b) != 1 || Way(b[0]) >= Auto {
		return GRPC, fmt.Errorf("%w: a choice of %x", allreduce.ErrFrame, b)
	}
	return Way(b[0]), nil
}

// take opens the fastest way of an offer that the settings allow, and returns
// it with the sender, which is nil for GRPC. An error means that the settings
// demand a way that cannot be had.
func (o Options) take(ctx context.Context, addr string, from offer) (Way, *wire.Sender, error) {
	ctx, cancel := context.WithTimeout(ctx, wayTimeout)
	defer cancel()
	why := errors.New("the next node does not offer it")
	if from.door != "" && o.Way.allows(Memory) {
		s, err := shm.Dial(ctx, from.door, from.nonce, o.Arena)
		if err == nil {
			return Memory, s, nil
		}
		why = err
	}
	if from.tcp && o.Way.allows(TCP) {
		s, err := o.dialTCP(ctx, addr, from.nonce)
		if err == nil {
			return TCP, s, nil
		}
		why = err
	}
	if o.Way.allows(GRPC) {
		return GRPC, nil, nil
	}
	return GRPC, nil, &WayError{Want: o.Way, Err: why}
}

// WayError says that frames cannot travel the one way that the settings allow.
// It is the settings' fault, not a neighbour's: a new ring has the same.
type WayError struct {
	Want Way
	Err  error
}

// Error names the way and what is in it.
func (e *WayError) Error() string {
	return fmt.Sprintf("transport %v cannot be had: %v; 'auto' takes what can", e.Want, e.Err)
}

// Unwrap returns what is in the way.
func (e *WayError) Unwrap() error { return e.Err }
