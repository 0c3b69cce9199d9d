package frame

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// inPieces reads content as it would come in pieces that end behind each of the
// given places: the texts of each row with its line, and the error at the end.
func inPieces(d Dialect, content []byte, ends []int) (rows []string, err error) {
	p := d.Pieces()
	at, line := d.Body, d.Line
	for _, end := range append(ends, len(content)) {
		if end < at || end > len(content) {
			continue
		}
		for {
			size, n, lines := d.Cut(content[at:end], end == len(content), 3)
			if size == 0 {
				break
			}
			f, err := p.Read("f.csv", line, content[at:at+size])
			if err != nil {
				return rows, err
			}
			if f.Rows != n {
				return rows, fmt.Errorf("cut %d rows, read %d", n, f.Rows)
			}
			rows = append(rows, spelled(f)...)
			at, line = at+size, line+lines
		}
	}
	if at != len(content) {
		return rows, fmt.Errorf("%d bytes are left over", len(content)-at)
	}
	return rows, nil
}

// spelled returns the rows of a table of texts, with their lines.
func spelled(f *Frame) []string {
	var rows []string
	for r := range f.Rows {
		var b strings.Builder
		fmt.Fprintf(&b, "%d", f.Lines[r])
		for i, x := range f.Row(r) {
			if math.IsNaN(x) {
				b.WriteString(" -")
			} else {
				fmt.Fprintf(&b, " %q", f.Columns[i].Texts[int(x)])
			}
		}
		rows = append(rows, b.String())
	}
	return rows
}

// FuzzPieces: a text that comes in pieces, cut anywhere, is the text.
func FuzzPieces(f *testing.F) {
	for _, text := range []string{
		plain, "x,text\n1,\"a,b\"\n2,\"say \"\"no\"\"\"\n3,\"two\nlines\"\n\n  \n4,'a,b'\n5,it's", "a;b\r\n1;\"2\r\n\"\r\n", "a,b\n1,\"2\n3,4\n",
		"1 \"a\n\" 2\n3 4 5\n", "\ufeff1,\"\"\"\n\"\"\",2\n",
	} {
		f.Add([]byte(text), uint16(5), uint16(11))
	}
	f.Fuzz(func(t *testing.T, content []byte, first, second uint16) {
		d, err := Sniff("f.csv", content, Options{})
		if err != nil || d.EOL != '\n' {
			return
		}
		for i := range d.Kinds {
			d.Kinds[i] = Text
		}
		var want []string
		whole, _, wrong := d.parse(t.Context(), "f.csv", content)
		if wrong == nil {
			want = spelled(whole)
		}
		ends := []int{int(first), int(first) + int(second)}
		if len(content) < 200 {
			ends = ends[:0]
			for end := range content {
				ends = append(ends, end)
			}
		}
		got, err := inPieces(d, content, ends)
		noRows := wrong != nil && strings.Contains(wrong.Error(), "no rows")
		if (err == nil) != (wrong == nil || noRows) || err != nil && err.Error() != wrong.Error() {
			t.Fatalf("in pieces: %v; as a whole: %v", err, wrong)
		}
		if err == nil && strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("in pieces:\n%s\nas a whole:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestCutWaits where more bytes could change what a record is, and only there.
func TestCutWaits(t *testing.T) {
	d := Dialect{Separator: ',', EOL: '\n'}
	for _, c := range []struct {
		text  string
		ended bool
		size  int
		rows  int
		lines int
	}{
		{"1,2", false, 0, 0, 0},
		{"1,2", true, 3, 1, 1},
		{"1,2\n3", false, 4, 1, 1},
		{"1,2\n3,4\n5,6\n7,8\n", false, 12, 3, 3},
		{"1,\"2\n", false, 0, 0, 0},
		{"1,2\n1,\"2\n3\"", false, 4, 1, 1},
		{"1,2\n1,\"2\n3\"\n4", false, 12, 2, 3},
		{"1,\"2\n3,4\n", true, 9, 2, 2},
		{"\n \n", false, 3, 0, 2},
		{"", true, 0, 0, 0},
		{"1,\"" + strings.Repeat("x\n", maxRecord), false, 4, 1, 1}, // it will not close
	} {
		size, rows, lines := d.Cut([]byte(c.text), c.ended, 3)
		if c.rows < 3 && strings.HasPrefix(c.text, "1,\"x") {
			size, rows, lines = d.Cut([]byte(c.text), c.ended, 1)
			c.size = len("1,\"x\n")
		}
		if size != c.size || rows != c.rows || lines != c.lines {
			t.Errorf("%.20q, ended %v: %d bytes, %d rows, %d lines; expected %d, %d, %d", c.text, c.ended, size, rows, lines, c.size, c.rows, c.lines)
		}
	}
}

func BenchmarkPieces(b *testing.B) {
	text := []byte(table(4<<20, numbersRow))
	d, err := Sniff("f.csv", text, Options{})
	if err != nil {
		b.Fatal(err)
	}
	d.Kinds = d.guess(text)
	p := d.Pieces()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < len(text); {
			size, _, _ := d.Cut(text[at:min(len(text), at+PieceSize)], at+PieceSize >= len(text), math.MaxInt)
			if _, err := p.Read("f.csv", 1, text[at:at+size]); err != nil {
				b.Fatal(err)
			}
			at += size
		}
	}
}
