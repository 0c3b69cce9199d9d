package shm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ballast-ml/ballast/allreduce/wire"
)

// Door is where a receiver waits for the sender of its edge.
type Door struct {
	listener *net.UnixListener
	name     string
}

// Open makes a door with a name that nobody can guess.
func Open() (*Door, error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	name := "@ballast-" + hex.EncodeToString(random[:])
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("shm: %w", err)
	}
	return &Door{listener: l, name: name}, nil
}

// Name is what the sender has to know.
func (d *Door) Name() string { return d.name }

// Close ends the waiting.
func (d *Door) Close() { _ = d.listener.Close() }

// Accept returns the receiver of the edge whose sender knows the nonce. It
// waits until the deadline and turns all others away.
func (d *Door) Accept(nonce Nonce, deadline time.Time) (*wire.Receiver, error) {
	if err := d.listener.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("shm: %w", err)
	}
	for {
		c, err := d.listener.AcceptUnix()
		if err != nil {
			return nil, fmt.Errorf("shm: the sender has not come: %w", err)
		}
		v, err := welcome(c, nonce, deadline)
		if err == nil {
			return wire.NewReceiver(c, v), nil
		}
		_ = c.Close() // a stranger, or one whose memory is no use
	}
}

// welcome reads a sender's introduction and maps its memory.
func welcome(c *net.UnixConn, nonce Nonce, deadline time.Time) (*view, error) {
	if err := sameUser(c); err != nil {
		return nil, err
	}
	if err := c.SetDeadline(deadline); err != nil {
		return nil, err
	}
	text, files, err := readFiles(c)
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	said, size, err := parseIntroduction(text)
	if err != nil {
		return nil, err
	}
	if said != nonce || len(files) != 2 {
		return nil, errors.New("shm: a stranger at the door")
	}
	bell, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	v, err := newView(size, [2]*os.File(files), bell)
	if err != nil {
		return nil, err
	}
	return v, c.SetDeadline(time.Time{})
}

// readFiles reads an introduction and the files that come with it.
func readFiles(c *net.UnixConn) (text []byte, files []*os.File, err error) {
	text = make([]byte, introduction+1)
	rights := make([]byte, unix.CmsgSpace(2*4))
	n, m, _, _, err := c.ReadMsgUnix(text, rights)
	if err != nil {
		return nil, nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:m])
	for _, msg := range messages {
		fds, err := unix.ParseUnixRights(&msg)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "shm"))
		}
	}
	return text[:n], files, err
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// Dial goes through the door of that name and returns the sender of the edge.
// The receiver may still turn out not to want it; it says so elsewhere.
func Dial(ctx context.Context, name string, nonce Nonce, size Size) (*wire.Sender, error) {
	c, err := new(net.Dialer).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, fmt.Errorf("shm: %w", err)
	}
	a, err := introduce(c.(*net.UnixConn), nonce, size.withDefaults())
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return wire.NewSender(c, a), nil
}

// introduce makes an arena and shows it.
func introduce(c *net.UnixConn, nonce Nonce, size Size) (*arena, error) {
	if err := sameUser(c); err != nil {
		return nil, err
	}
	a, files, err := newArena(size)
	if err != nil {
		return nil, err
	}
	defer closeAll(files[:])
	rights := unix.UnixRights(int(files[0].Fd()), int(files[1].Fd()))
	if _, _, err := c.WriteMsgUnix(size.introduce(nonce), rights, nil); err != nil {
		a.Close()
		return nil, fmt.Errorf("shm: %w", err)
	}
	return a, nil
}

// sameUser refuses a process of another user at the other end.
func sameUser(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("shm: %w", err)
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("shm: %w", err)
	}
	return allow(peer.Uid)
}

// allow tells whether a process of that user may share memory with this one.
func allow(uid uint32) error {
	if own := uint32(os.Geteuid()); uid != own {
		return fmt.Errorf("shm: the other process is of user %d, this one of %d", uid, own)
	}
	return nil
}
