package shm

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapping is a mapped file that stays as long as somebody keeps it.
type mapping struct {
	bytes  []byte
	users  atomic.Int64
	lo, hi int // bytes that others may use for ever
}

// keep adds a user.
func (m *mapping) keep() { m.users.Add(1) }

// release takes a user away. The last one unmaps, but for what others may use
// for ever: that becomes memory like any other. No error is possible there,
// short of a full table of mappings, and then the old one stays.
func (m *mapping) release() {
	if m.users.Add(-1) > 0 {
		return
	}
	base := unsafe.Pointer(unsafe.SliceData(m.bytes))
	if m.lo == m.hi {
		_ = unix.MunmapPtr(base, uintptr(len(m.bytes)))
		return
	}
	hi := (m.hi + line - 1) &^ (line - 1)
	_, _ = unix.MmapPtr(-1, 0, unsafe.Add(base, m.lo), uintptr(hi-m.lo), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED|unix.MAP_NORESERVE)
	_ = unix.MunmapPtr(base, uintptr(m.lo))
	if hi < len(m.bytes) {
		_ = unix.MunmapPtr(unsafe.Add(base, hi), uintptr(len(m.bytes)-hi))
	}
}

// forever lets others use the bytes [lo, hi) for ever; ranges follow each
// other, and the first begins with a page.
func (m *mapping) forever(lo, hi int) {
	if m.lo == m.hi {
		m.lo = lo
	}
	m.hi = hi
}

// word returns the i-th word.
func (m *mapping) word(i int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&m.bytes[4*i]))
}

const sizeSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW

// newMemory makes a file of n bytes without a name and maps it for writing,
// with one user. Its size is sealed; with private set, nobody else can map it
// for writing.
func newMemory(name string, n int, private bool) (*mapping, *os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("shm: memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	m, err := prepare(fd, n, private)
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return m, file, nil
}

func prepare(fd, n int, private bool) (*mapping, error) {
	if err := unix.Ftruncate(fd, int64(n)); err != nil {
		return nil, fmt.Errorf("shm: %d bytes: %w", n, err)
	}
	m, err := mapFile(fd, n, unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, err
	}
	seals := sizeSeals | unix.F_SEAL_SEAL
	if private {
		// Kernels before 5.1 do not know it. There the receiver is trusted
		// not to write; what it could spoil are its own sums.
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_FUTURE_WRITE)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		m.release()
		return nil, fmt.Errorf("shm: sealing: %w", err)
	}
	return m, nil
}

// mapSealed maps a file of another process, with one user, if it has n bytes
// at least and its size is sealed.
func mapSealed(f *os.File, n int, writable bool) (*mapping, error) {
	fd := int(f.Fd())
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || seals&sizeSeals != sizeSeals {
		return nil, fmt.Errorf("shm: memory whose size is not sealed (%v)", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("shm: %w", err)
	}
	if st.Size < int64(n) {
		return nil, fmt.Errorf("shm: memory of %d bytes, want %d", st.Size, n)
	}
	protection := unix.PROT_READ
	if writable {
		protection |= unix.PROT_WRITE
	}
	return mapFile(fd, n, protection)
}

func mapFile(fd, n, protection int) (*mapping, error) {
	at, err := unix.MmapPtr(fd, 0, nil, uintptr(n), protection, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shm: mmap of %d bytes: %w", n, err)
	}
	m := &mapping{bytes: unsafe.Slice((*byte)(at), n)}
	m.keep()
	return m, nil
}
