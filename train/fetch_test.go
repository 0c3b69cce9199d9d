package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// giver serves the files of a configuration at a port of its own. Once it has
// given so many answers, it is killed.
func giver(t *testing.T, cfg Config, secret []byte, answers int64) (addr string, given *atomic.Int64) {
	t.Helper()
	credentials, err := jobkey.TLS(secret)
	if err != nil {
		t.Fatal(err)
	}
	s, err := clusterrpc.Listen(t.Context(), "127.0.0.1:0", clusterrpc.TLS(credentials))
	if err != nil {
		t.Fatal(err)
	}
	given = new(atomic.Int64)
	killed := make(chan struct{})
	answer := shelf(cfg, Options{Secret: secret}).Answer
	s.Files(func(ctx context.Context, q []byte) ([]byte, error) {
		if given.Add(1) == answers {
			close(killed)
			<-ctx.Done() // in the middle of an answer
		}
		return answer(ctx, q)
	})
	if err := s.Serve(func(context.Context, string, []byte) ([]byte, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-killed:
		case <-t.Context().Done():
		}
		_ = s.Close()
	}()
	t.Cleanup(func() { <-done })
	return s.Addr(), given
}

// TestFetchOutlivesPeer: over real connections, a peer dies in the middle of a
// file, and the next one gives the rest.
func TestFetchOutlivesPeer(t *testing.T) {
	secret := []byte("a secret of the run")
	content := bytes.Repeat([]byte("1,2,a\n3,4,b\n"), 500_000) // 6 MB
	cfg := Defaults()
	cfg.Data = "csv:" + writeFile(t, "there.csv", content)
	cfg.TestData = "csv:" + writeFile(t, "test.csv", content[:120])
	first, one := giver(t, cfg, secret, 4)
	second, two := giver(t, cfg, secret, -1)

	here := cfg
	here.Data, here.TestData = "csv:nowhere/here.csv", "csv:nowhere/test.csv"
	opts := Options{DataFrom: "peers", Join: []string{first, second}, Secret: secret, Cache: t.TempDir()}
	got, err := withData(t.Context(), here, opts)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][]byte{got.Data: content, got.TestData: content[:120]} {
		if have, err := os.ReadFile(strings.TrimPrefix(word, "csv:")); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s: another file: %v", word, err)
		}
	}
	if one.Load() != 4 || two.Load() < 4 {
		t.Errorf("%d and %d answers", one.Load(), two.Load())
	}
	parts, err := filepath.Glob(filepath.Join(opts.Cache, "from-peers", "*", "*", ".*"))
	if err != nil || len(parts) > 0 {
		t.Errorf("left behind: %v, %v", parts, err)
	}
	if again, err := withData(t.Context(), got, opts); err != nil || again != got {
		t.Errorf("with all files here: %v", err)
	}
}

// TestFetchPictures: a folder of pictures and a list of them come as they are, and
// what cannot come says why to who asks for it.
func TestFetchPictures(t *testing.T) {
	dir := t.TempDir()
	list, elsewhere := "path,kind\n", "path,kind\n"
	for i := range 12 {
		class := []string{"cat", "dog"}[i%2]
		name := fmt.Sprintf("%s/deep/%d.png", class, i)
		m := image.NewGray(image.Rect(0, 0, 8, 8))
		m.Pix[i] = 200
		var b bytes.Buffer
		if err := errors.Join(png.Encode(&b, m), os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.Bytes())
		list += name + "," + class + "\n"
		elsewhere += filepath.Join(dir, name) + "," + class + "\n"
	}
	write(t, filepath.Join(dir, "list.csv"), []byte(list))
	write(t, filepath.Join(dir, "elsewhere.csv"), []byte(elsewhere))
	secret := []byte("a secret of the run")
	for _, place := range []string{dir, filepath.Join(dir, "list.csv"), filepath.Join(dir, "elsewhere.csv")} {
		cfg := Defaults()
		cfg.Data = "images:" + place
		want, err := Open(t.Context(), cfg, "")
		if err != nil {
			t.Fatal(err)
		}
		addr, _ := giver(t, cfg, secret, -1)
		here := cfg
		here.Data = "images:nowhere/" + filepath.Base(place)
		got, err := withData(t.Context(), here, Options{DataFrom: "peers", Join: []string{addr}, Secret: secret, Cache: t.TempDir(), StartTimeout: time.Nanosecond})
		if strings.Contains(place, "elsewhere") {
			if err == nil || !strings.Contains(err.Error(), "expected paths below its directory") {
				t.Errorf("absolute paths: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := Open(t.Context(), got, "")
		if err != nil || data.Fingerprint != want.Fingerprint {
			t.Errorf("%s: other data have come (%v)", place, err)
		}
	}
}

// TestFetchRefuses what cannot work, before it waits for anybody.
func TestFetchRefuses(t *testing.T) {
	for data, want := range map[string]string{
		"glyphs":              "expected a table",
		"csv:https://h/f.csv": "web server",
		"csv:nowhere/x.csv":   "--join",
	} {
		cfg := Defaults()
		cfg.Data = data
		if _, err := withData(t.Context(), cfg, Options{DataFrom: "peers"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", data, err, want)
		}
	}
	cfg := Defaults()
	cfg.Data = "csv:" + writeFile(t, "x.csv", []byte("1,a\n2,b\n"))
	for name, c := range map[string]struct {
		opts Options
		ok   bool
	}{"nobody's": {Options{}, false}, "of a secret": {Options{Secret: []byte("x")}, true}, "of strangers": {Options{Insecure: true}, true}} {
		if _, err := shelf(cfg, c.opts).Answer(t.Context(), []byte(`{"run":"ballast"}`)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
