package rpc

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens a server on a free loopback port and closes it with the test.
func listen(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve serves h.
func serve(t testing.TB, s *Server, h cluster.Handler) *Server {
	t.Helper()
	if err := s.Serve(h); err != nil {
		t.Fatal(err)
	}
	return s
}

// echo answers with the question.
func echo(_ context.Context, _ string, req []byte) ([]byte, error) { return req, nil }

// soon bounds what a test waits for.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
