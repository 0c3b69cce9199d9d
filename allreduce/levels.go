package allreduce

import "github.com/ballast-ml/ballast/internal/kernel"

// The two levels of a Sum on a ring with Groups (see the package's
// documentation): the first sums each group of shards as a ring of its own would,
// the second the groups. Its buckets are cells: the chunks of the first, so that
// a node which has summed a chunk of its group goes on with that, and all nodes
// of a group have a part in the second level.

// init sets up the only circle of a ring. If its nodes host whole groups, the
// groups take the places of the shards, and each node sums its own.
func (m *summing) init(t Topology) {
	l := layout{shards: t.Count(), bucket: t.Sizes.Bucket, cells: 1}
	m.width = 1
	if t.grouped() {
		m.width = t.width()
		l.shards, l.cells = t.Groups, m.width
		m.group = make([]float32, groupBlock)
		t = t.wholeGroups()
	}
	m.join(t, l, l)
}

// initGroup sets up the circle of a group's nodes.
func (m *summing) initGroup(t Topology) {
	width, bucket := t.width(), t.Sizes.Bucket
	m.width = 1
	m.join(t.inGroup(), layout{shards: width, bucket: bucket, cells: 1}, layout{shards: t.Groups, bucket: bucket, cells: width})
}

// initAcross sets up the circle above it, which sums the cells that end, by
// below, at this node and its like.
func (m *summing) initAcross(t Topology, below []route) {
	l := layout{shards: t.Groups, bucket: t.Sizes.Bucket, cells: t.width()}
	m.width = 1
	for _, rt := range below {
		m.here = append(m.here, rt.finishes)
	}
	m.join(t.acrossGroups(), l, l)
}

// join takes the place in a circle that t, as a ring of its own, describes.
func (m *summing) join(t Topology, partial, total layout) {
	m.layout, m.totals, m.stream = partial, total, t.Sizes.Stream
	m.lo, m.hi = t.Shards[t.Rank], t.Shards[t.Rank+1]
	m.alone = m.hi-m.lo == m.shards
	for c := range m.shards {
		m.routes = append(m.routes, routeOf(t, c))
	}
}

// nested reports whether a level above goes on with what is summed here.
func (m *summing) nested() bool { return m.totals.cells != m.cells }

// cell returns the one that a frame of a second level is of.
func (m *summing) cell(h *Header) int { return int(h.Bucket) % m.cells }

// route returns this node's part in the way of a frame, which fits the layout.
func (m *summing) route(h *Header) *route {
	if h.Leg == Finished && m.nested() {
		return &m.routes[int(h.Bucket)%m.totals.cells]
	}
	return &m.routes[h.Chunk]
}

// groupBlock is how many floats of a group's sum are made at once: few enough
// to stay in the nearest cache.
const groupBlock = 2 << 10

// foldGroups is fold where the places are groups of shards, all of them here.
func (m *summing) foldGroups(x []float32, lo, cell, from, to int, first bool) {
	for len(x) > 0 && from < to {
		n := min(len(x), groupBlock)
		for g := from; g < to; g++ {
			if first && g == from {
				m.sumGroup(x[:n], lo, cell, g)
				continue
			}
			sum := m.group[:n]
			m.sumGroup(sum, lo, cell, g)
			kernel.AddScaled(x[:n], 1, sum)
		}
		x, lo = x[n:], lo+n
	}
}

// sumGroup writes the sum of a group to x, which stands for the elements of the
// vector from index lo on: the fold that starts at the shard of the group that
// the cell has the number of.
func (m *summing) sumGroup(x []float32, lo, cell, g int) {
	base := (g - m.lo) * m.width
	for i := range m.width {
		s := base + (cell+i)%m.width
		p, f := m.parts[s], m.factors[s]
		switch {
		case p == nil && i == 0:
			clear(x)
		case p == nil:
		case i == 0:
			kernel.ScaleTo(x, f, p[lo:lo+len(x)])
		default:
			kernel.AddScaled(x, f, p[lo:lo+len(x)])
		}
	}
}
