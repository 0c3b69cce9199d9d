package cluster

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	for addr, want := range map[string]string{
		"10.0.0.5:7946":        "10.0.0.5:7946",
		"[::1]:1":              "[::1]:1",
		"[::ffff:10.0.0.5]:80": "10.0.0.5:80",
		"localhost:7946":       "127.0.0.1:7946",
	} {
		got, err := resolve(t.Context(), addr)
		if err != nil || got[0].String() != want {
			t.Errorf("%s: %v, %v", addr, got, err)
		}
	}
	for addr, want := range map[string]string{
		"10.0.0.5":       "want host:port",
		"10.0.0.5:http":  "not a number",
		"10.0.0.5:70000": "not a number up to 65535",
	} {
		if _, err := resolve(t.Context(), addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
