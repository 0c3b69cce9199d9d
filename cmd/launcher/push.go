package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ballast-ml/ballast/internal/cli/proc"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/internal/cli/ssh"
)

// removeAfter is how long the hosts may take to remove their copies.
const removeAfter = 500 * time.Millisecond

// copier copies this program to hosts. Each copy is there as long as the ssh
// that has brought it lives, so none stays behind even if we do not.
type copier struct {
	group *proc.Group
	hosts []*copied // by the number of the process
}

// copied is one host's copy.
type copied struct {
	host  string
	log   *nodeLog
	uname string
	path  string // empty: not there yet
	ended bool
}

// push copies this program to all hosts that are not this machine, and notes
// where it is there. remove removes the copies.
func (l *launch) push(ctx context.Context, view *screen.Screen) (remove func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program cannot find itself to copy itself: %w", err)
	}
	c := &copier{group: proc.NewGroup()}
	for _, host := range l.distant() {
		file, err := os.Open(self)
		if err == nil {
			defer file.Close() // it is read by then, or not to be
			err = c.start(*l, host, file)
		}
		if err != nil {
			c.remove()
			return nil, err
		}
	}
	if err := c.await(ctx); err != nil {
		c.remove()
		return nil, err
	}
	l.pushed = map[string]string{}
	for _, h := range c.hosts {
		l.pushed[h.host] = h.path
		view.Note("this program was copied to %s", h.host)
	}
	return c.remove, nil
}

func (c *copier) start(l launch, host string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	h := &copied{host: host, log: &nodeLog{name: host}}
	number, err := c.group.Start(proc.Command{
		Name: host, Path: l.ssh.Path(), Args: l.ssh.Copy(host, filepath.Base(file.Name()), info.Size()),
		Env: l.environ(place{host: host}), Stdin: file, Log: h.log,
		Stop: []byte{}, // the end of its input is word enough
	})
	if err != nil {
		return err
	}
	c.hosts = append(c.hosts[:number], h)
	return nil
}

// await waits until all copies are there, or one cannot be.
func (c *copier) await(ctx context.Context) error {
	for {
		missing := false
		for _, h := range c.hosts {
			missing = missing || h.path == ""
		}
		if !missing {
			return nil
		}
		select {
		case e := <-c.group.Events():
			h := c.hosts[e.Child]
			if e.Exit != nil {
				h.ended = true
				return fmt.Errorf("%s: this program was not copied there: %s", h.host, reasonOf(*e.Exit, h.log.said()))
			}
			if err := h.line(string(e.Line)); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// line takes what the host prints: its platform, then the path of the copy.
func (h *copied) line(text string) error {
	if h.uname == "" {
		h.uname = text
		goos, goarch, ok := ssh.Platform(text)
		if ok && (goos != runtime.GOOS || goarch != runtime.GOARCH) {
			return fmt.Errorf("%s is %s/%s, and this program is for %s/%s: put one for it there by hand, at the same path as here, and leave out --push",
				h.host, goos, goarch, runtime.GOOS, runtime.GOARCH)
		}
		return nil
	}
	h.path = text
	return nil
}

// remove has the hosts remove their copies, and waits a moment for it.
func (c *copier) remove() {
	c.group.Interrupt()
	late := time.NewTimer(removeAfter)
	defer late.Stop()
	for {
		left := false
		for _, h := range c.hosts {
			left = left || !h.ended
		}
		if !left {
			break
		}
		select {
		case e := <-c.group.Events():
			if e.Exit != nil {
				c.hosts[e.Child].ended = true
			}
			continue
		case <-late.C:
		}
		break
	}
	c.group.Close()
}

// reasonOf explains how an ssh has ended, by the last thing that it said.
func reasonOf(x proc.Exit, said string) string {
	switch {
	case said != "" && x.Code == ssh.Failed:
		return "ssh: " + said
	case said != "":
		return said
	default:
		return "ssh " + x.String()
	}
}
