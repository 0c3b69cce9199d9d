package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{Usagef("x"), 2},
		{&ranError{fmt.Errorf("while: %w", Usagef("x"))}, 2},
		{&ToldError{ErrOrphaned}, 3},
		{ErrInterrupted, 130},
		{&allreduce.PeerError{}, 1},
	} {
		if got := ExitCode(tt.err); got != tt.want {
			t.Errorf("ExitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestMessage(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{a, "p: a\n"},
		{&ranError{&train.UsageError{Err: errors.Join(nil, a)}}, "p: a\n"},
		{&ranError{&train.UsageError{Err: errors.Join(errors.Join(a, b), c)}}, "p: 3 things are wrong:\n  a\n  b\n  c\n"},
		{fmt.Errorf("%w and %w", a, b), "p: a and b\n"},
		{errors.New("yaml:\n  line 3"), "p: yaml:\n  line 3\n"},
	} {
		if got := message("p", tt.err); got != tt.want {
			t.Errorf("message(%q) = %q, want %q", tt.err, got, tt.want)
		}
	}
}

// TestSignals: the first ends the context, or asks a node to leave; the second
// allows no delay.
func TestSignals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		trains bool
		first  syscall.Signal
		drains bool
	}{
		{"Ctrl-C", false, syscall.SIGINT, false},
		{"SIGTERM", false, syscall.SIGTERM, false},
		{"Ctrl-C to a node", true, syscall.SIGINT, false},
		{"SIGTERM to a node", true, syscall.SIGTERM, true},
	} {
		ctx, s := catch(t.Context())
		var drain <-chan struct{}
		if tt.trains {
			drain = s.draining()
		}
		send(t, tt.first)
		select {
		case <-ctx.Done():
			if tt.drains || !errors.Is(context.Cause(ctx), ErrInterrupted) {
				t.Errorf("%s: ended by %v", tt.name, context.Cause(ctx))
			}
		case <-drain:
			if !tt.drains || ctx.Err() != nil {
				t.Errorf("%s: asked to leave", tt.name)
			}
		}
		select {
		case <-s.force:
			t.Errorf("%s: forced by the first signal", tt.name)
		default:
		}
		send(t, syscall.SIGTERM)
		<-s.force
		if !errors.Is(context.Cause(ctx), ErrInterrupted) {
			t.Errorf("%s, twice: ended by %v", tt.name, context.Cause(ctx))
		}
		s.release()
	}
}

// TestSignalsOfALauncher: the parent-death signal may come several times.
func TestSignalsOfALauncher(t *testing.T) {
	ctx, s := catch(t.Context())
	defer s.release()
	drain := s.draining()
	s.hasLauncher()
	send(t, syscall.SIGTERM)
	<-drain
	for range 3 {
		send(t, syscall.SIGTERM)
		eventually(t, func() bool { return len(s.incoming) == 0 })
	}
	if ctx.Err() != nil {
		t.Errorf("ended by %v", context.Cause(ctx))
	}
	send(t, syscall.SIGINT)
	<-s.force
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if done() {
			return
		}
		<-tick.C
	}
	t.Fatal("it did not come")
}

func send(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func TestReadSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"A=b", "BALLAST_JOB_SECRET=fedcba9876543210"}
	for _, tt := range []struct {
		path    string
		environ []string
		want    string
		err     string
	}{
		{file, env, "0123456789abcdef", ""},
		{"", env, "fedcba9876543210", ""},
		{"", nil, "", ""},
		{"", []string{"BALLAST_JOB_SECRET=short"}, "", "a secret of 5 bytes"},
		{file + ".none", env, "", "no such file"},
	} {
		got, err := ReadSecret(tt.path, tt.environ)
		if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("ReadSecret(%q, %v) = %q, %v", tt.path, tt.environ, got, err)
		}
		if err != nil && ExitCode(err) != ExitUsage {
			t.Errorf("%v: want a usage error", err)
		}
	}
}

func TestOpenToStrangers(t *testing.T) {
	for _, tt := range []struct {
		s      Settings
		secret string
		want   bool
	}{
		{Settings{}, "", false},
		{Settings{Listen: "127.0.0.1:0", Join: []string{"localhost:1", "[::1]:2"}}, "", false},
		{Settings{Insecure: true, Listen: "127.0.0.1:0", Join: []string{"localhost:1", "[::1]:2"}}, "", false},
		{Settings{Insecure: true, Join: []string{"localhost:1", "host-a:2"}}, "", true},
		{Settings{Insecure: true, Listen: ":7700"}, "", true},
		{Settings{Insecure: true, Listen: ":7700"}, "0123456789abcdef", false},
		{Settings{Insecure: true, Advertise: "10.0.0.1"}, "", true},
		{Settings{Advertise: "10.0.0.1"}, "", false}, // an error, see train
	} {
		var secret []byte
		if tt.secret != "" {
			secret = []byte(tt.secret)
		}
		if got := tt.s.OpenToStrangers(secret); got != tt.want {
			t.Errorf("%+v with secret %q: %v, want %v", tt.s, tt.secret, got, tt.want)
		}
	}
}

func TestDefaultOut(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, tt := range [][3]string{
		{"glyphs", "erm", "runs/glyphs-erm-20240506-070809"},
		{"idx:/data/fashion-mnist/", "absgd+la", "runs/fashion-mnist-absgd+la-20240506-070809"},
		{"csv:https://host/a/f.csv?sig=secret", "erm", "runs/f-erm-20240506-070809"},
		{"data/fraud.csv", "erm", "runs/fraud-erm-20240506-070809"},
		{"csv:a b.csv.gz", "absgd[lambda=2@0.8]+la", "runs/a_b.csv-absgd_lambda=2_0.8_+la-20240506-070809"},
	} {
		if got := filepath.ToSlash(DefaultOut(tt[0], tt[1], now)); got != tt[2] {
			t.Errorf("DefaultOut(%q, %q) = %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestValidate(t *testing.T) {
	s := DefaultSettings()
	s.NProc = 2
	if err := s.Validate(ForLauncher); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	s.Train.Batch, s.Quorum, s.EvalEvery, s.StartTimeout = 0, -1, -1, 0
	err := s.Validate(ForNode)
	if n := len(parts(err)); n != 4 || ExitCode(err) != ExitUsage {
		t.Errorf("%d things are wrong, want 4, as a usage error:\n%v", n, err)
	}
	s = DefaultSettings()
	s.NNodes, s.NProc = Range{Min: 3}, 3
	if err := s.Validate(ForLauncher); err == nil || !strings.Contains(err.Error(), "9 nodes cannot share --shards 8") {
		t.Errorf("%v: want too many nodes", err)
	}
	if err := s.Validate(ForNode); err != nil {
		t.Errorf("3 nodes: %v", err)
	}
}
