package train

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
)

// A parcel is the state of a node on its way to others: a few words about it,
// and then its vectors, straight from memory into memory. They are most of it,
// and while they travel nobody trains: nothing is encoded, and instead of a
// checkpoint's SHA-256 the digest that all nodes have shown before tells whether
// they arrived whole.
type parcel struct {
	Last StepDone          // what was last told about the run
	Meta map[string]string // of a checkpoint
}

// parcelError is what is wrong with a state that another node has sent.
type parcelError struct{ err error }

func (e *parcelError) Error() string { return e.err.Error() }
func (e *parcelError) Unwrap() error { return e.err }

// send gives this node's state to all others.
func (j *job) send(ctx context.Context, ring allreduce.Step, rank int) error {
	head, err := j.head()
	if err != nil {
		return err
	}
	if _, err := ring.Broadcast(ctx, rank, head); err != nil {
		return err
	}
	return ring.Share(ctx, rank, j.view().vectors()...)
}

// head returns the words about the state.
func (j *job) head() ([]byte, error) {
	return json.Marshal(parcel{j.last, j.view().metadata(identityOf(j))})
}

// receive takes the state of another node, wholly or not at all: the vectors
// land in memory of their own. If that state is one step ahead, the observers
// are told of that step as if it had been committed here.
func (j *job) receive(ctx context.Context, ring allreduce.Step, source int, want []float64) error {
	head, err := ring.Broadcast(ctx, source, nil)
	if err != nil {
		return err
	}
	landing := j.view().blank()
	if err := ring.Share(ctx, source, landing.vectors()...); err != nil {
		return err
	}
	if err := j.unpack(head, landing, want); err != nil {
		return &parcelError{err}
	}
	return nil
}

// unpack makes what has landed the job's state.
func (j *job) unpack(head []byte, landed *snapshot, want []float64) error {
	var p parcel
	if err := json.Unmarshal(head, &p); err != nil {
		return err
	}
	if err := compareIdentity(identity{p.Meta["contract"], p.Meta["config"], p.Meta["data"]}, identityOf(j)); err != nil {
		return err
	}
	if err := landed.parse(p.Meta); err != nil {
		return err
	}
	if got := landed.standing(); !sameState(got, want) {
		return fmt.Errorf("damaged on its way: it is in step %.0f with digest %08x%08x, and was announced in step %.0f with %08x%08x",
			got[standingStep], uint64(got[standingHigh]), uint64(got[standingLow]),
			want[standingStep], uint64(want[standingHigh]), uint64(want[standingLow]))
	}
	if err := landed.restore(j); err != nil {
		return err
	}
	if p.Last.Step == j.last.Step+1 {
		j.committed(p.Last)
	}
	j.last = p.Last
	return nil
}
