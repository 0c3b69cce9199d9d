package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// What a stranger can ask of the server.
const (
	maxConnections = 32      // open at once; further ones are closed
	maxAnswers     = 4       // under way at once; further ones are refused
	maxHeader      = 8 << 10 // bytes
	readTimeout    = 5 * time.Second
	writeTimeout   = 10 * time.Second
	idleTimeout    = 2 * time.Minute // a scraper comes back every minute
	closeTimeout   = time.Second
)

// Server answers for one node.
type Server struct {
	url    string
	server *http.Server
	ended  chan error
}

// Listen serves the figures at an address of [Address]. A port that is in use is
// told with the address.
func Listen(ctx context.Context, addr string, f *Figures) (*Server, error) {
	return listen(ctx, addr, f, readTimeout)
}

// listen bounds the time that a request may take to come.
func listen(ctx context.Context, addr string, f *Figures, patience time.Duration) (*Server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: the port is in use: stop the program that has it, choose another port, or 0 for any free one: %w", addr, syscall.EADDRINUSE)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	s := &Server{url: urlOf(l.Addr()), ended: make(chan error, 1), server: &http.Server{
		Handler:           handler(f),
		ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ConnState:      limit(maxConnections),
		ErrorLog:       log.New(io.Discard, "", 0), // strangers cannot fill the log
	}}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// URL returns where the figures are: for an address of all interfaces, at this
// host's name.
func (s *Server) URL() string { return s.url }

// Close lets answers under way come to their end, for a moment, and returns when
// nothing of the server is left.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = s.server.Close()
	}
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

func handler(f *Figures) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxAnswers}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		ring, reason := f.healthy()
		text := "on a ring\n"
		if !ring {
			w.WriteHeader(http.StatusServiceUnavailable)
			text = "on no ring\n"
		}
		if reason != "" {
			text += reason + "\n"
		}
		_, _ = io.WriteString(w, text) // to whoever still listens
	})
	return mux
}

// limit returns a hook that closes connections beyond so many.
func limit(most int64) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > most {
				_ = c.Close() // which the server notes as it would of any peer
			}
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
}

func urlOf(addr net.Addr) string {
	at := addr.(*net.TCPAddr).AddrPort()
	host := at.Addr().Unmap().String()
	if name, err := os.Hostname(); err == nil && at.Addr().IsUnspecified() {
		host = name
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(at.Port())) + "/metrics"
}
