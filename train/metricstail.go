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

// readTail finds the last whole line of at most the given step in a file of
// size bytes, going backward from the end. Lines that are torn, or no metrics,
// end what can be trusted: they and what follows them do not stay.
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
		case !ok || key.Step > step:
			// Goes, with all behind it.
			t = metricsTail{keys: map[lineKey]bool{}}
		case t.last == 0:
			t.end, t.last = int64(end)+1, key.Step
			t.keys[key] = true
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
