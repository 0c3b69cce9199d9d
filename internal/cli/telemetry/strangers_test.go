package telemetry

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/train"
)

func goVersion() string { return runtime.Version() }

// TestMetricsTellNothingElse: there are two pages, which are read only, and in
// them no more than figures and the node's name and address.
func TestMetricsTellNothingElse(t *testing.T) {
	s := serve(t, NewFigures())
	root := strings.TrimSuffix(s.URL(), "metrics")
	for _, path := range []string{"", "debug/pprof/", "debug/vars", "metrics/", "healthz/x", "../etc/passwd"} {
		if code, body := get(t, http.MethodGet, root+path); code != http.StatusNotFound {
			t.Errorf("/%s: %d %s", path, code, body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		for _, path := range []string{"metrics", "healthz"} {
			if code, _ := get(t, method, root+path); code != http.StatusMethodNotAllowed {
				t.Errorf("%s /%s: %d", method, path, code)
			}
		}
	}
	_, body := get(t, http.MethodGet, s.URL())
	for line := range strings.Lines(body) {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
		if !strings.HasPrefix(line, "ballast_") && !strings.HasPrefix(line, "go_") && !strings.HasPrefix(line, "process_") {
			t.Errorf("a line of something else: %q", line)
		}
	}
}

// patient serves figures of a node to those who may take so long to ask.
func patient(t *testing.T, f *Figures, patience time.Duration) (s *Server, addr string) {
	t.Helper()
	s, err := listen(t.Context(), "127.0.0.1:0", f, patience)
	if err != nil {
		t.Fatal(err)
	}
	return s, strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/metrics")
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// TestMetricsUnderFlood: connections are bounded, those beyond are closed, and
// there is room again when others end.
func TestMetricsUnderFlood(t *testing.T) {
	f := NewFigures()
	s, addr := patient(t, f, time.Hour)
	var idle []net.Conn
	for range 3 * maxConnections {
		idle = append(idle, dial(t, addr))
	}
	for i, c := range idle[maxConnections:] {
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Fatalf("connection %d of %d is open (%v)", maxConnections+i, len(idle), err)
		}
	}
	for _, c := range idle {
		_ = c.Close()
	}
	f.Observer().StepDone(train.StepDone{Rows: 1})
	for { // the server sees the ends by and by
		c := dial(t, addr)
		_, _ = io.WriteString(c, "GET /metrics HTTP/1.0\r\n\r\n")
		if answer, err := io.ReadAll(c); err == nil && strings.Contains(string(answer), "ballast_steps_total 1\n") {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestMetricsOfDawdlers: who says nothing, or too much, is cut.
func TestMetricsOfDawdlers(t *testing.T) {
	s, addr := patient(t, NewFigures(), 50*time.Millisecond)
	silent := dial(t, addr)
	_, _ = io.WriteString(silent, "GET /metr")
	if _, err := io.ReadAll(silent); isTimeout(err) {
		t.Errorf("half a request is waited for: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s, addr = patient(t, NewFigures(), time.Minute)
	long := dial(t, addr)
	_, _ = io.WriteString(long, "GET /metrics HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 4*maxHeader)+"\r\n\r\n")
	if answer, _ := io.ReadAll(long); !strings.HasPrefix(string(answer), "HTTP/1.1 431") {
		t.Errorf("a header without end: %.40q", answer)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// TestCloseWaitsForNobody: a connection that stays open holds up the end no
// longer than a moment, and nothing is left (see TestMain).
func TestCloseWaitsForNobody(t *testing.T) {
	s, err := Listen(t.Context(), "127.0.0.1:0", NewFigures())
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/metrics")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n") // and no more
	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d := time.Since(begun); d > 3*closeTimeout {
		t.Errorf("closing took %v", d)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}
