package train

import (
	"bytes"
	"encoding/json"
	"io"
)

// metricsTail is how far a metrics file reaches.
type metricsTail struct {
	end  int64            // behind the last line that stays
	last int              // its step; 0: no line stays
	keys map[lineKey]bool // the lines of that step
}

// has says whether the line is in the file, given that lines are in the order
// of their steps.
func (t metricsTail) has(key lineKey) bool {
	return key.Step < t.last || t.keys[key]
}

// tailBytes is how much of a file is looked at first.
const tailBytes = 64 << 10

// readTail finds the last line that stays in a file of size bytes, going
// backward from the end: a whole one, of at most the given step, and with no
// line of a later step before it.
func readTail(r io.ReaderAt, size int64, step int) (metricsTail, error) {
	for n := int64(tailBytes); ; n *= 4 {
		n = min(n, size)
		text := make([]byte, n)
		if _, err := r.ReadAt(text, size-n); err != nil && err != io.EOF {
			return metricsTail{}, err
		}
		first := 0 // start of the first whole line
		if n < size {
			first = bytes.IndexByte(text, '\n') + 1
		}
		t, whole := parseTail(text[first:], step)
		t.end += size - n + int64(first)
		if whole || n == size {
			return t, nil
		}
	}
}

// parseTail does so in a text that starts with a line. It is not the whole
// answer if a line before the text might belong to it.
func parseTail(text []byte, step int) (t metricsTail, whole bool) {
	t.keys = map[lineKey]bool{}
	for end := bytes.LastIndexByte(text, '\n'); end >= 0; {
		start := bytes.LastIndexByte(text[:end], '\n') + 1
		key, ok := keyOf(text[start:end])
		switch {
		case !ok:
			// Behind the last line it goes, and before it is no matter.
		case key.Step > step:
			t = metricsTail{keys: map[lineKey]bool{}}
		case key.Step > t.last:
			// What lies behind is late: of a writer that was stopped for a while.
			t = metricsTail{int64(end) + 1, key.Step, map[lineKey]bool{key: true}}
		case key.Step == t.last:
			t.keys[key] = true
		default:
			return t, true
		}
		end = start - 1
	}
	return t, false
}

func keyOf(line []byte) (lineKey, bool) {
	var key lineKey
	err := json.Unmarshal(line, &key)
	return key, err == nil && key.Step > 0
}
