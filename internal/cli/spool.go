package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// Spool writes the rows of standard input into the run directory, where the nodes
// read them as they come: as often as they need to, at their own pace, and again
// where the run is resumed. The disk holds the whole stream.
type Spool struct {
	path string
	file *os.File
	had  int64 // bytes from before; they have to come again
}

// OpenSpool opens the spool of a run in the directory out. Without resume there
// must be none.
func OpenSpool(out string, resume bool) (*Spool, error) {
	s := &Spool{path: filepath.Join(out, train.SpoolName)}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return nil, Usagef("--out %s: %w", out, err)
	}
	mode := os.O_CREATE | os.O_RDWR | os.O_EXCL
	if resume {
		mode = os.O_CREATE | os.O_RDWR
	}
	var err error
	if s.file, err = os.OpenFile(s.path, mode, 0o666); err != nil {
		return nil, Usagef("--out %s: %w", out, err)
	}
	if s.had, err = s.file.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// Data is where the nodes find the stream.
func (s *Spool) Data() string { return "csv:" + s.path }

// Fill takes all of in, and says where the stream ends when in does. If the stream
// had come to its end in an earlier run, in is not read; if a part of it had come,
// that part has to come again, or else nothing at all, which ends the stream where
// it is. It does not return before in does.
func (s *Spool) Fill(ctx context.Context, in io.Reader) (err error) {
	defer func() { err = errors.Join(err, s.file.Close()) }()
	if _, err := os.Stat(s.path + dataset.EndSuffix); err == nil {
		return nil
	}
	buf := make([]byte, 256<<10)
	for at := int64(0); ; {
		n, err := in.Read(buf)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		again := int(min(int64(n), max(0, s.had-at)))
		if wrong := s.compare(buf[:again], at); wrong != nil {
			return wrong
		}
		if _, failed := s.file.Write(buf[again:n]); failed != nil {
			return fmt.Errorf("standard input cannot be spooled: %w", failed)
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			return s.end(at)
		}
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
}

// compare looks whether bytes at a place are those that have come before.
func (s *Spool) compare(b []byte, at int64) error {
	if len(b) == 0 {
		return nil
	}
	before := make([]byte, len(b))
	if _, err := s.file.ReadAt(before, at); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if !bytes.Equal(b, before) {
		i := 0
		for b[i] == before[i] {
			i++
		}
		return Usagef("standard input is another stream than the one that the run began with: %s differs at byte %d", s.path, at+int64(i))
	}
	return nil
}

// end says that no byte comes behind those.
func (s *Spool) end(size int64) error {
	switch {
	case size == 0 && s.had > 0:
		size = s.had
	case size < s.had:
		return Usagef("standard input ends after %d bytes, of %d that the run began with in %s: give it the stream from its beginning, or nothing", size, s.had, s.path)
	}
	if err := os.WriteFile(s.path+dataset.EndSuffix, fmt.Appendf(nil, "%d\n", size), 0o666); err != nil {
		return fmt.Errorf("standard input cannot be spooled: %w", err)
	}
	return nil
}
