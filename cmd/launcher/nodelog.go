package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// held is how much of a log is kept in memory before there is a file for it.
const held = 1 << 20

// nodeLog receives a node's log. It keeps it in memory until the run directory
// exists: a run that never begins leaves nothing behind.
type nodeLog struct {
	name string
	adds bool              // to a file that is there already: the run goes on with an earlier one
	tell func(line string) // what is no line of a log, or an error in it; may be nil
	tee  bool              // tell everything
	mu   struct {
		sync.Mutex
		file    *os.File
		path    string
		waiting []byte // what came before the file
		line    []byte // the start of the line that is being written
		crash   string // the first line of a crash of the Go runtime
		plain   string // the last line that is none of a log
		direct  bool   // the node writes to the file itself
	}
}

// Write never fails: a node must not stop because its log cannot be kept.
func (l *nodeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look(p)
	if l.mu.file != nil {
		_, _ = l.mu.file.Write(p)
		return len(p), nil
	}
	l.mu.waiting = append(l.mu.waiting, p...)
	if extra := len(l.mu.waiting) - held; extra > 0 {
		l.mu.waiting = append(l.mu.waiting[:0], l.mu.waiting[extra:]...)
	}
	return len(p), nil
}

// look notes the line that a crash starts with, and other lines that are no
// log's. The stacks behind a crash are not looked at.
func (l *nodeLog) look(p []byte) {
	for l.mu.crash == "" && len(p) > 0 {
		part, rest, whole := bytes.Cut(p, []byte("\n"))
		if len(l.mu.line) < held {
			l.mu.line = append(l.mu.line, part...)
		}
		if !whole {
			return
		}
		text := string(l.mu.line)
		l.mu.line, p = l.mu.line[:0], rest
		l.lookAt(strings.TrimSpace(text))
	}
}

func (l *nodeLog) lookAt(line string) {
	logged := strings.HasPrefix(line, "{")
	if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		l.mu.crash = line
	}
	if line != "" && !logged {
		l.mu.plain = line
	}
	if l.tell == nil || line == "" {
		return
	}
	if logged && !l.tee {
		line = grave(line)
	}
	if line != "" {
		l.tell(line)
	}
}

// shows tells whether a node is one of those whose logs are wanted.
func shows(wanted []string, name string) bool {
	return slices.Contains(wanted, "all") || slices.Contains(wanted, name)
}

// grave returns what a line of a log says, if that is an error.
func grave(line string) string {
	var v struct{ Level, Message, Error string }
	if json.Unmarshal([]byte(line), &v) != nil || v.Level != "error" && v.Level != "fatal" && v.Level != "panic" {
		return ""
	}
	if v.Error != "" {
		v.Message += ": " + v.Error
	}
	return v.Message
}

// said returns the last line of the process that is none of a log.
func (l *nodeLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.plain
}

// open moves the log to dir/NAME.log, making the directory if need be. Once it
// has a file, it stays there.
func (l *nodeLog) open(dir string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.file != nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	path := filepath.Join(dir, l.name+".log")
	how := os.O_EXCL
	if l.adds {
		how = os.O_APPEND
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|how, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(l.mu.waiting)
	l.mu.file, l.mu.path, l.mu.waiting = file, path, nil
	return err
}

// begin forgets the crash of the process before.
func (l *nodeLog) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.crash, l.mu.line, l.mu.plain = "", nil, ""
}

// where returns the path of the log, or "" if there is no file, or none yet.
func (l *nodeLog) where() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.path
}

// crashed returns the first line of the node's crash, or "".
func (l *nodeLog) crashed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.direct && l.mu.crash == "" {
		if text, err := os.ReadFile(l.mu.path); err == nil {
			l.look(text)
		}
	}
	return l.mu.crash
}

// direct returns the file of the log, for a node that writes to it itself
// because it is to outlive the launcher.
func (l *nodeLog) direct(dir string) (*os.File, error) {
	l.adds = true // both write at its end
	if err := l.open(dir); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.direct = true
	return l.mu.file, nil
}

// close closes the file. If there is none but the node has crashed, the log
// goes to a temporary file: where the crash happened is worth keeping. path is
// where the log is, or "".
func (l *nodeLog) close() (path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.path == "" && l.mu.crash != "" {
		if file, err := os.CreateTemp("", "ballast-"+l.name+"-*.log"); err == nil {
			_, _ = file.Write(l.mu.waiting)
			l.mu.file, l.mu.path = file, file.Name()
		}
	}
	if l.mu.file != nil {
		_ = l.mu.file.Close()
		l.mu.file = nil
	}
	return l.mu.path
}
