package train

import (
	"errors"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	long, short := []byte("0123456789abcdef"), []byte("0123456789abcde")
	for _, c := range []struct {
		name  string
		bound string
		opts  Options
		want  []string // in the error; none: no error
	}{
		{"alone", "127.0.0.1:7700", Options{}, nil},
		{"alone on IPv6", "[::1]:7700", Options{}, nil},
		{"a short secret at home", "127.0.0.1:7700", Options{Secret: short}, nil},
		{"neighbours at home", "127.0.0.1:7700", Options{Advertise: "localhost", Join: []string{"localhost:7701", "127.0.1.1:7702"}}, nil},
		{"all interfaces", "[::]:7700", Options{}, []string{"listens on [::]:7700", "no job secret", "--job-secret-file", "--insecure"}},
		{"all IPv4 interfaces", "0.0.0.0:7700", Options{}, []string{"listens on 0.0.0.0:7700"}},
		{"an interface", "10.0.0.5:7700", Options{}, []string{"listens on 10.0.0.5:7700"}},
		{"an advertised address", "127.0.0.1:7700", Options{Advertise: "10.0.0.5"}, []string{"reach it at 10.0.0.5"}},
		{"an advertised name", "127.0.0.1:7700", Options{Advertise: "host-a:7700"}, []string{"reach it at host-a:7700"}},
		{"a neighbour elsewhere", "127.0.0.1:7700", Options{Join: []string{"127.0.0.1:7701", "host-a:7700"}}, []string{"joins host-a:7700"}},
		{"a short secret", "[::]:7700", Options{Secret: short}, []string{"listens on [::]:7700", "only 15 bytes", "at least 16"}},
		{"a secret", "[::]:7700", Options{Secret: long, Advertise: "host-a", Join: []string{"host-b:7700"}}, nil},
		{"in so many words", "[::]:7700", Options{Insecure: true, Join: []string{"host-b:7700"}}, nil},
		{"two words", "127.0.0.1:7700", Options{Insecure: true, Secret: long}, []string{"--insecure and a job secret"}},
	} {
		err := guard(c.opts, c.bound)
		if (err != nil) != (c.want != nil) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in: %v", c.name, want, err)
			}
		}
	}
}

// The rule is kept where the port is opened, and the port is given back.
func TestOpenPortWithoutSecretIsAMistake(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Steps = "glyphs", "logistic", 1
	_, err := Run(t.Context(), cfg, Options{Listen: ":0"})
	if _, usage := errors.AsType[*UsageError](err); !usage || !strings.Contains(err.Error(), "no job secret") {
		t.Errorf("got %v", err)
	}
}
