package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRefusals starts a node and then one that does not belong to its run. The
// newcomer ends with exit code 2 and a message that says what differs; the node
// that was there waits on.
func TestRefusals(t *testing.T) {
	secret := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	common := []string{"--nnodes", "2", "--model", "mlp:8", "--steps", "5", "--eval-every", "0", "--progress", "none", "--run-id", "right"}
	common = append(common, "--job-secret-file", secret("right", "a secret of more than thirty-two characters"))
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"another run", []string{"--run-id", "wrong"}, []string{"another run", "wrong", "right"}},
		{"another secret", []string{"--job-secret-file", secret("wrong", "another secret, and just as long a one")}, []string{"secret"}},
		{"another configuration", []string{"--lr", "0.25", "--batch", "64"}, []string{"lr=0.25", "lr=0.05", "batch=64", "batch=128"}},
		{"another number of shards", []string{"--shards", "4"}, []string{"shards=4", "shards=8"}},
		{"another number of groups", []string{"--fold", "2"}, []string{"fold=2", "fold=0"}},
		{"other data", []string{"--data-seed", "7"}, []string{"data"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"--join", freeAddress(t, "join")}, common...)
			first := start(t, node, args...)
			second := start(t, node, append(args, c.args...)...)
			// Whichever of the two came second is refused.
			var refused, other *process
			select {
			case <-first.done:
				refused, other = first, second
			case <-second.done:
				refused, other = second, first
			case <-time.After(30 * time.Second):
				t.Fatal("nobody was refused")
			}
			if code := refused.wait(t, time.Second); code != 2 {
				t.Errorf("exit code %d, expected 2", code)
			}
			message := lastLine(refused.stderr.String())
			for _, want := range c.want {
				if !strings.Contains(message, want) {
					t.Errorf("the message does not name %q: %s", want, message)
				}
			}
			select {
			case <-other.done:
				t.Errorf("the other node ended too: %s", other.stderr.String())
			default:
			}
		})
	}
}

// TestBadInput: one message that names what is wrong, exit code 2, and nothing
// left behind.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rows := strings.Repeat("1,2,a\n3,4,b\n", 40)
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"no such directory", []string{"--data", "idx:" + dir + "/none"}, []string{dir + "/none", "no such directory"}},
		{"no such file", []string{"--data", "csv:" + dir + "/none.csv"}, []string{"none.csv", "no such file"}},
		{"empty file", []string{"--data", "csv:" + file("empty.csv", "")}, []string{"empty.csv", "empty"}},
		{"column count", []string{"--data", "csv:" + file("count.csv", rows+"1,2\n")}, []string{"count.csv:81", "3 columns"}},
		{"no label", []string{"--data", "csv:" + file("cell.csv", rows+"1,2,\n")}, []string{"cell.csv:81", "label"}},
		{"not a number", []string{"--data", "csv:" + file("number.csv", rows+"1,x,a\n")}, []string{"number.csv:81", "x"}},
		{"infinite", []string{"--data", "csv:" + file("inf.csv", rows+"1,inf,a\n")}, []string{"inf.csv:81", "inf"}},
		{"unknown label", []string{"--data", "csv:" + file("header.csv", "u,v,class\n"+rows), "--label", "clas"}, []string{"header.csv", "clas", "class"}},
		{"one class", []string{"--data", "csv:" + file("one.csv", strings.Repeat("1,2,a\n", 50))}, []string{"one.csv", "class"}},
		{"batch larger than the data", []string{"--data", "csv:" + file("small.csv", rows), "--batch", "1000"}, []string{"batch 1000"}},
		{"more nodes than shards", []string{"--nproc-per-node", "9", "--shards", "8"}, []string{"9", "8", "shards"}},
		{"learning rate", []string{"--lr", "-1"}, []string{"--lr -1"}},
		{"lambda", []string{"--lambda", "0"}, []string{"--lambda"}},
		{"unwritable directory", []string{"--out", file("plain", "x") + "/run"}, []string{"plain"}},
		{"existing directory", []string{"--out", filepath.Dir(file("summary.json", "{}"))}, []string{"exists"}},
		{"port in use", []string{"--listen", "256.0.0.1:1"}, []string{"256.0.0.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(dir, "out")
			args := []string{"run", "--method", "erm", "--nproc-per-node", "2", "--progress", "none", "--steps", "3", "--out", out}
			p := run(t, 2, ballast, append(args, c.args...)...)
			text := p.stderr.String()
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("the message does not name %q: %s", want, text)
				}
			}
			if strings.Contains(text, "goroutine ") {
				t.Errorf("a stack trace: %s", text)
			}
			if _, err := os.Stat(out); !os.IsNotExist(err) {
				t.Errorf("%s was left behind (%v)", out, err)
			}
		})
	}
}
