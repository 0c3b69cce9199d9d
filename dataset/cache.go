package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"github.com/ballast-ml/ballast/dataset/frame"
	"github.com/ballast-ml/ballast/internal/mapped"
)

// Limits of the cache of parsed tables.
const (
	cacheFrom = 1 << 20  // bytes of the smallest file that is worth it
	cacheMost = 16 << 30 // bytes of all entries; the least recently used go first
)

// cache keeps parsed tables in a directory. The name of an entry is the hash of
// the file's bytes and of how they were read, so an entry is never stale; its
// checksum tells if it is damaged.
type cache struct {
	dir  string       // "" keeps nothing
	note func(string) // takes what a person should know
	room *room        // for entries that are read in place
}

// entry returns the path of the entry of a file with such bytes, read in
// dialect d; "" if there is none to be.
func (c cache) entry(content []byte, d frame.Dialect) string {
	if c.dir == "" || len(content) < cacheFrom {
		return ""
	}
	how, err := json.Marshal(d)
	if err != nil {
		panic("dataset: a dialect without a JSON form: " + err.Error())
	}
	sum := sha256.Sum256(content)
	sum = sha256.Sum256(append(sum[:], how...))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:])+".frame")
}

// load reads an entry; nil if there is none that is whole. path is that of the
// table.
func (c cache) load(entry, path string) *frame.Frame {
	if entry == "" {
		return nil
	}
	file, err := os.Open(entry)
	if err != nil {
		if !os.IsNotExist(err) {
			c.note(fmt.Sprintf("the cached table %s cannot be read (%v); the file is parsed again", entry, plainCause(err)))
		}
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		var f *frame.Frame
		if f, err = c.read(file, info.Size(), path); err == nil {
			now := time.Now()
			_ = os.Chtimes(entry, now, now) // used: it is only the order of pruning
			return f
		}
	}
	c.note(fmt.Sprintf("the cached table %s is damaged (%v); the file is parsed again", entry, err))
	return nil
}

// read reads an entry, in place if it is large.
func (c cache) read(file *os.File, size int64, path string) (*frame.Frame, error) {
	if size <= int64(c.room.most) {
		return frame.Read(file, size, path)
	}
	b, err := c.room.file(file, int(size))
	if err != nil {
		return nil, err
	}
	var f *frame.Frame
	if fault := mapped.Guard(func() { f, err = frame.View(b, path) }); fault != nil {
		return nil, fault
	}
	return f, err
}

// save writes an entry, whole or not at all. What goes wrong is a note: the run
// does not depend on it.
func (c cache) save(entry string, f *frame.Frame) {
	if entry == "" {
		return
	}
	err := os.MkdirAll(c.dir, 0o700)
	if err == nil {
		err = writeEntry(entry, f)
	}
	if err != nil {
		c.note(fmt.Sprintf("the parsed table is not cached (--no-cache does not try): %v", err))
		return
	}
	c.prune(cacheMost)
}

func writeEntry(entry string, f *frame.Frame) error {
	file, err := renameio.NewPendingFile(entry, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }() // nothing is left to clean up after a rename
	if err := f.Write(file); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// prune removes the entries that were not used for the longest time, until the
// others are no more than so many bytes.
func (c cache) prune(most int64) {
	paths, _ := filepath.Glob(filepath.Join(c.dir, "*.frame"))
	var infos []fs.FileInfo
	total := int64(0)
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil { // else somebody else has removed it
			infos = append(infos, info)
			total += info.Size()
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range infos[:max(len(infos)-1, 0)] {
		if total <= most {
			return
		}
		_ = os.Remove(filepath.Join(c.dir, info.Name()))
		total -= info.Size()
	}
}
