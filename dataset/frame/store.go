package frame

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/ballast-ml/ballast/internal/mapped"
)

// magic begins every stored frame; its number goes up when the form changes.
const magic = "ballast frame 2\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// storedHead is what is known of a stored frame before its cells.
type storedHead struct {
	Columns []Column `json:"columns"`
	Named   bool     `json:"named"`
	Rows    int      `json:"rows"`
	Lines   bool     `json:"lines"`
}

// Write stores f: the magic text, the length of a JSON head and the head, with
// blanks behind it so that the cells begin at a multiple of their size, the cells and the lines in little-endian order, and the CRC-32C of all of it.
func (f *Frame) Write(to io.Writer) error {
	sum := crc32.New(castagnoli)
	w := bufio.NewWriterSize(io.MultiWriter(to, sum), 1<<20)
	head, err := json.Marshal(storedHead{f.Columns, f.Named, f.Rows, f.Lines != nil})
	if err != nil {
		return err
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	var number [8]byte
	_, _ = w.WriteString(magic) // the first error stays until Flush
	_, _ = w.Write(binary.LittleEndian.AppendUint64(number[:0], uint64(len(head))))
	_, _ = w.Write(head)
	for _, x := range f.Cells {
		_, _ = w.Write(binary.LittleEndian.AppendUint64(number[:0], math.Float64bits(x)))
	}
	for _, line := range f.Lines {
		_, _ = w.Write(binary.LittleEndian.AppendUint32(number[:0], uint32(line)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return binary.Write(to, binary.LittleEndian, sum.Sum32())
}

// Read reads a frame that Write has stored in size bytes; path is that of the
// table it was made of. It believes nothing that the checksum does not confirm.
func Read(from io.Reader, size int64, path string) (*Frame, error) {
	sum := crc32.New(castagnoli)
	body := size - 4
	r := bufio.NewReaderSize(io.TeeReader(io.LimitReader(from, body), sum), 1<<20)
	head, err := readHead(r, body)
	if err != nil {
		return nil, err
	}
	f := &Frame{Path: path, Columns: head.Columns, Named: head.Named, Rows: head.Rows}
	f.Cells = make([]float64, head.Rows*len(head.Columns))
	chunk := make([]byte, 1<<16)
	for at := 0; at < len(f.Cells); {
		b := chunk[:min(len(chunk), 8*(len(f.Cells)-at))]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		for i := 0; i < len(b); i += 8 {
			f.Cells[at] = math.Float64frombits(binary.LittleEndian.Uint64(b[i:]))
			at++
		}
	}
	if head.Lines {
		f.Lines = make([]int32, head.Rows)
	}
	for at := 0; at < len(f.Lines); {
		b := chunk[:min(len(chunk), 4*(len(f.Lines)-at))]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		for i := 0; i < len(b); i += 4 {
			f.Lines[at] = int32(binary.LittleEndian.Uint32(b[i:]))
			at++
		}
	}
	var want uint32
	if err := binary.Read(from, binary.LittleEndian, &want); err != nil {
		return nil, err
	}
	if sum.Sum32() != want {
		return nil, errors.New("the checksum does not fit")
	}
	return f, f.sound()
}

// View is Read for a frame whose bytes are in memory, beginning at a multiple
// of 8, that nobody changes: its cells are those bytes, where the machine's order
// of bytes allows it.
func View(b []byte, path string) (*Frame, error) {
	body := len(b) - 4
	if !mapped.LittleEndian || body < 0 {
		return Read(bytes.NewReader(b), int64(len(b)), path)
	}
	r := bytes.NewReader(b[:body])
	head, err := readHead(r, int64(body))
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b[:body], castagnoli) != binary.LittleEndian.Uint32(b[body:]) {
		return nil, errors.New("the checksum does not fit")
	}
	rest := b[body-r.Len() : body]
	f := &Frame{Path: path, Columns: head.Columns, Named: head.Named, Rows: head.Rows}
	n := 8 * head.Rows * len(head.Columns)
	f.Cells = mapped.Values[float64](rest[:n])
	f.Cells = f.Cells[:len(f.Cells):len(f.Cells)]
	if head.Lines {
		f.Lines = make([]int32, head.Rows)
		for i := range f.Lines {
			f.Lines[i] = int32(binary.LittleEndian.Uint32(rest[n+4*i:]))
		}
	}
	return f, f.sound()
}

// readHead reads what comes before the cells, and checks that the sizes in it
// are those of the body.
func readHead(r io.Reader, body int64) (head storedHead, err error) {
	start := make([]byte, len(magic)+8)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:len(magic)]) != magic {
		return head, errors.New("not a stored frame")
	}
	n := int64(binary.LittleEndian.Uint64(start[len(magic):]))
	rest := body - int64(len(start))
	if n < 0 || n > rest || n > 1<<30 || n%8 != 0 {
		return head, fmt.Errorf("a head of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return head, err
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return head, err
	}
	perRow := 8 * int64(len(head.Columns))
	if head.Lines {
		perRow += 4
	}
	if perRow == 0 || head.Rows < 1 || int64(head.Rows) > rest/perRow || int64(head.Rows)*perRow != rest-n {
		return head, fmt.Errorf("%d rows of %d columns in %d bytes", head.Rows, len(head.Columns), rest-n)
	}
	return head, nil
}

// sound checks what other code relies on.
func (f *Frame) sound() error {
	for i, c := range f.Columns {
		if c.Kind != Number && !c.Kind.IsText() || c.Odd != nil && (c.Odd.Row < 0 || c.Odd.Row >= f.Rows) {
			return fmt.Errorf("column %d is of no kind", i)
		}
		if !c.Kind.IsText() {
			continue
		}
		for at := i; at < len(f.Cells); at += len(f.Columns) {
			if x := f.Cells[at]; x == x && !(x >= 0 && x < float64(len(c.Texts)) && x == math.Trunc(x)) {
				return fmt.Errorf("column %d has no text %g", i, x)
			}
		}
	}
	return nil
}
