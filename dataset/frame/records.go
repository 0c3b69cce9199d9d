package frame

import "bytes"

// records walks over the records of a text. A record is a line, or several if
// a double quote is open where the line ends.
type records struct {
	content []byte
	sep     byte
	eol     byte // '\n', or '\r' in files of old that know no other
	quotes  bool // the text has double quotes at all
	at      int  // where the next record begins
	line    int  // number of its line
}

// newRecords starts at position at of content, which is on the given line.
func newRecords(content []byte, at, line int, sep, eol byte) *records {
	return &records{content: content, sep: sep, eol: eol, at: at, line: line, quotes: bytes.IndexByte(content[at:], '"') >= 0}
}

// next returns the next record that is not blank, without the end of its line,
// and the number of the line that it begins on; not ok at the end.
func (r *records) next() (record []byte, line int, ok bool) {
	for r.at < len(r.content) {
		line = r.line
		end := r.end()
		record = r.content[r.at:end]
		r.at = min(end+1, len(r.content))
		r.line++
		if n := len(record); n > 0 && record[n-1] == '\r' {
			record = record[:n-1]
		}
		if len(record) > 0 && !(record[0] <= ' ' && len(bytes.TrimSpace(record)) == 0) {
			return record, line, true
		}
	}
	return nil, r.line, false
}

// end returns where the record at r.at ends, and counts the lines in it but the
// last.
func (r *records) end() int {
	end := r.lineEnd(r.at)
	if !r.quotes || bytes.IndexByte(r.content[r.at:end], '"') < 0 {
		return end
	}
	for at := r.at; ; {
		n := bytes.IndexByte(r.content[at:end], '"')
		if n < 0 {
			return end
		}
		at += n + 1
		if !r.opens(at - 1) {
			continue
		}
		n = closing(r.content[at:min(len(r.content), at+maxRecord)], '"', r.sep)
		if n < 0 {
			// Whoever takes the record apart will complain, and nobody read on:
			// so do not look for what closes the quotes of later lines either.
			r.quotes = false
			return end
		}
		if at += n + 1; at > end {
			r.line += bytes.Count(r.content[end:at], []byte{r.eol})
			end = r.lineEnd(at)
		}
	}
}

// opens reports whether the cell of the quote at i begins with it.
func (r *records) opens(i int) bool {
	for i--; i >= r.at; i-- {
		switch b := r.content[i]; {
		case b == r.sep:
			return true
		case b != ' ' && b != '\t' && b != '\r':
			return false
		}
	}
	return true
}

func (r *records) lineEnd(from int) int {
	if n := bytes.IndexByte(r.content[from:], r.eol); n >= 0 {
		return from + n
	}
	return len(r.content)
}
