//go:build !linux

package shm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ballast-ml/ballast/allreduce/wire"
)

var errNotHere = fmt.Errorf("shm: not on this system: %w", errors.ErrUnsupported)

// Door is where a receiver waits for the sender of its edge.
type Door struct{}

// Open returns an error: there is no sharing of memory here.
func Open() (*Door, error) { return nil, errNotHere }

// Name is what the sender has to know.
func (d *Door) Name() string { return "" }

// Close ends the waiting.
func (d *Door) Close() {}

// Accept returns an error.
func (d *Door) Accept(Nonce, time.Time) (*wire.Receiver, error) { return nil, errNotHere }

// Dial returns an error.
func Dial(context.Context, string, Nonce, Size) (*wire.Sender, error) { return nil, errNotHere }
