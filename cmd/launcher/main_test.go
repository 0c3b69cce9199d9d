package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

// TestMain makes the test binary the two programs too, with a stand-in for
// training: the scripts then test everything around it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"launcher": func() {
			p := cli.NewProgram(fakeTrain)
			p.Ask = fakeAsk
			os.Exit(cli.Main(context.Background(), p, root(p, fakeEvaluate)))
		},
		"ballast": func() { // with nothing made up
			p := cli.NewProgram(train.Run)
			os.Exit(cli.Main(context.Background(), p, root(p, train.Evaluate)))
		},
		"fakessh": fakeSSH,
		"node": func() {
			p := cli.NewProgram(fakeTrain)
			p.Ask = fakeAsk
			os.Exit(cli.Main(context.Background(), p, cli.NodeCommand(p, p.Name())))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// Under the race detector every process would sleep a second before
			// it ends, and these tests are about how soon they end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			e.Setenv("BALLAST_SSH", "fakessh")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":  await,
			"gone":   gone,
			"within": within(),
			"code":   code,
			"signal": signal,

			"awaitline": awaitLine,
			"scrape":    scrape,
			"usedport":  usedPort,
		},
	})
}

// poll waits until done returns true, which must be soon.
func poll(ts *testscript.TestScript, what string, done func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("waited 10 s for %s", what)
		}
	}
}

// await FILE... waits until the files are there.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		poll(ts, name, func() bool {
			_, err := os.Stat(ts.MkAbs(name))
			return err == nil
		})
	}
}

// awaitline FILE PATTERN waits until a line of the file matches.
func awaitLine(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile("(?m)" + args[1])
	poll(ts, args[1], func() bool {
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		return pattern.Match(text)
	})
}

// servedAt returns where a node serves its figures, from its log.
func servedAt(ts *testscript.TestScript, log string) string {
	m := regexp.MustCompile(`"metrics":"(http://[^"]+/)metrics"`).FindStringSubmatch(ts.ReadFile(log))
	if m == nil {
		ts.Fatalf("%s does not say where figures are", log)
	}
	return m[1]
}

// scrape LOG PAGE PATTERN reads a page of the node with this log, a line of which
// must match.
func scrape(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Get(servedAt(ts, args[0]) + args[1])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if !regexp.MustCompile("(?m)" + args[2]).Match(body) {
		ts.Fatalf("no line matches %s in\n%s", args[2], body)
	}
}

// usedport LOG FILE writes a configuration that wants the port of the node with
// this log.
func usedPort(ts *testscript.TestScript, _ bool, args []string) {
	at := strings.TrimSuffix(strings.TrimPrefix(servedAt(ts, args[0]), "http://"), "/")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte("metrics-addr: "+at+"\n"), 0o666))
}

// gone FILE... waits until the processes whose numbers are in the files have
// ended.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		pid, err := strconv.Atoi(ts.ReadFile(name))
		ts.Check(err)
		poll(ts, "the end of "+name, func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ")
		})
	}
}

// signal NAME FILE... sends a signal to the processes whose numbers are in the
// files.
func signal(ts *testscript.TestScript, _ bool, args []string) {
	sig := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "QUIT": syscall.SIGQUIT}[args[0]]
	for _, name := range args[1:] {
		pid, err := strconv.Atoi(ts.ReadFile(name))
		ts.Check(err)
		ts.Check(syscall.Kill(pid, sig))
	}
}

// within start|DURATION starts a watch, or checks that it shows no more.
func within() func(*testscript.TestScript, bool, []string) {
	var started sync.Map // scripts run side by side
	return func(ts *testscript.TestScript, _ bool, args []string) {
		if args[0] == "start" {
			started.Store(ts.Name(), time.Now())
			return
		}
		limit, err := time.ParseDuration(args[0])
		ts.Check(err)
		begun, _ := started.Load(ts.Name())
		if d := time.Since(begun.(time.Time)); d > limit {
			ts.Fatalf("took %v, want at most %v", d, limit)
		}
	}
}

// code N PROGRAM ARGS... runs the program and checks its exit code.
func code(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) {
		got = strconv.Itoa(exit.ExitCode())
	} else {
		ts.Check(err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
