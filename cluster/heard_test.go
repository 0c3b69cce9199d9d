package cluster

import (
	"encoding/binary"
	"testing"
)

// TestHeard: a question is new once, for each sender; the oldest are forgotten,
// so that memory is bounded.
func TestHeard(t *testing.T) {
	var h heard
	number := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	for i := range remembered {
		if ok, _ := h.first("a", number(i)); !ok {
			t.Fatalf("question %d is not new", i)
		}
	}
	for i := range remembered {
		if ok, again := h.first("a", number(i)); ok || again != uint64(i+1) {
			t.Fatalf("question %d is new again, or the %d-th of those that are not", i, again)
		}
	}
	if ok, _ := h.first("b", number(1)); !ok {
		t.Error("another node's question is not new")
	}
	if ok, _ := h.first("a", number(0)); !ok {
		t.Error("the oldest is not forgotten")
	}
	if ok, _ := h.first("a", number(2)); ok || len(h.known) != remembered {
		t.Errorf("%d questions are remembered, expected %d", len(h.known), remembered)
	}
}
