package cluster

import (
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
)

// view is what gossip believes, copied out of memberlist's callbacks. They run
// under memberlist's lock, so they only write here and ring a bell; nothing in
// them can block, call back, or hand out memberlist's live memory.
type view struct {
	log     zerolog.Logger
	changed chan struct{} // holds one bell
	mu      struct {
		sync.Mutex
		live    map[string]Member
		doubted map[string]string // name -> why, since last taken
	}
}

var _ memberlist.EventDelegate = (*view)(nil)

func newView(log zerolog.Logger) *view {
	v := &view{log: log, changed: make(chan struct{}, 1)}
	v.mu.live = make(map[string]Member)
	v.mu.doubted = make(map[string]string)
	return v
}

// NotifyJoin records a member that gossip has found.
func (v *view) NotifyJoin(n *memberlist.Node) {
	m, err := decodeMeta(n.Name, n.Meta)
	if err != nil {
		v.log.Warn().Err(err).Str("addr", n.Address()).Msg("ignored a member with metadata of another program")
		return
	}
	v.mu.Lock()
	v.mu.live[m.Name] = m
	v.mu.Unlock()
	v.ring()
}

// NotifyUpdate records new metadata.
func (v *view) NotifyUpdate(n *memberlist.Node) { v.NotifyJoin(n) }

// NotifyLeave records that gossip has given a member up.
func (v *view) NotifyLeave(n *memberlist.Node) {
	v.mu.Lock()
	delete(v.mu.live, n.Name)
	v.mu.Unlock()
	v.ring()
}

// doubt records that a member could not be dialled, which gossip tries long
// before it gives the member up.
func (v *view) doubt(name string, err error) {
	if name == "" {
		return
	}
	v.mu.Lock()
	v.mu.doubted[name] = err.Error()
	v.mu.Unlock()
	v.ring()
}

func (v *view) ring() {
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// members returns the live members, ordered by name.
func (v *view) members() []Member {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.SortedFunc(maps.Values(v.mu.live), byName)
}

// takeDoubts returns the doubts since the last call.
func (v *view) takeDoubts() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.mu.doubted
	v.mu.doubted = make(map[string]string)
	return d
}
