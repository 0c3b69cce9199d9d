package train

import (
	"runtime"
	"testing"
)

// TestMemoryOfANode holds a node to what the documents say: the parameters, a
// gradient for each local shard and their sum, the optimizer's vectors, and one
// copy of the state to return to. Activations are small beside them here: each
// shard has four rows of a wide network.
func TestMemoryOfANode(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Batch, cfg.Shards, cfg.Lambda = "csv:"+writeTable(t, 150), "mlp:1024,1024", 16, 4, "2"
	cfg.Optimizer = "adam"
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what has a finalizer is gone after the second
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	s, loader := lone(t, cfg)
	for range 3 {
		s.next(t, loader)
	}
	took := heap() - before
	runtime.KeepAlive(loader)

	vector := 4 * len(s.job.net.Params())
	const slots = 2 // of Adam
	vectors := 1 + cfg.Shards + 1 + slots + 1 + slots
	want := vectors * vector
	t.Logf("%d KiB, of which %d vectors of %d KiB", took>>10, vectors, vector>>10)
	if took < want-want/10 || took > want+want/10+1<<20 {
		t.Errorf("a node of %d shards took %d KiB, expected %d vectors of %d KiB", cfg.Shards, took>>10, vectors, vector>>10)
	}
}
