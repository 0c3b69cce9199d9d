package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// serve serves files by their paths, as a plain web server does.
func serve(t *testing.T, files map[string][]byte) (address string) {
	t.Helper()
	return serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
	})
}

func serveFunc(t *testing.T, f http.HandlerFunc) (address string) {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

// fetch downloads a file by a fetcher in a hurry.
func fetch(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	f := newFetcher()
	f.silence, f.pause = 200*time.Millisecond, time.Microsecond
	in, err := f.fetch(ctx, u)
	if err != nil {
		return "", err
	}
	defer in.Close()
	content, err := io.ReadAll(in)
	return string(content), err
}

// The same content is the same data, wherever it lies.
func TestRemoteData(t *testing.T) {
	files := map[string][]byte{"f.csv": []byte(plain), "f.csv.gz": gzipped([]byte(plain)), "new.csv": []byte("7,70,a\n8,80,b\n")}
	for name, content := range idxFiles() {
		files["plain/"+name] = content
		files["packed/"+name+".gz"] = gzipped(content)
	}
	at := serve(t, files)
	idx := open(t, Spec{Data: "idx:" + writeAll(t, idxFiles())})
	csv := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(plain))})
	both := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(plain)), TestData: "csv:" + write(t, "new.csv", files["new.csv"])})
	for _, c := range []struct {
		spec Spec
		name string
		want *Data
	}{
		{Spec{Data: "csv:" + at + "/f.csv"}, "f.csv", csv},
		{Spec{Data: "csv:" + at + "/f.csv.gz?version=3"}, "f.csv.gz", csv},
		{Spec{Data: "csv:" + at + "/f.csv", TestData: "csv:" + at + "/new.csv"}, "f.csv", both},
		{Spec{Data: "idx:" + at + "/plain"}, "plain", idx},
		{Spec{Data: "idx:" + at + "/packed/"}, "packed", idx},
	} {
		d := open(t, c.spec)
		if d.Fingerprint != c.want.Fingerprint {
			t.Errorf("%s: fingerprint %s, of the local files %s", c.spec.Data, d.Fingerprint, c.want.Fingerprint)
		}
		if d.Name != c.name {
			t.Errorf("%s: name %q, want %q", c.spec.Data, d.Name, c.name)
		}
	}
}

// A server that sends a page for what it does not have, or says that it is
// forbidden, can still have the other form of a file.
func TestRemoteMissing(t *testing.T) {
	files := map[string][]byte{}
	for name, content := range idxFiles() {
		files["/"+name+".gz"] = gzipped(content)
	}
	for name, missing := range map[string]http.HandlerFunc{
		"page":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Not found, sorry") },
		"forbidden": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"gone":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) },
	} {
		at := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
			if content, ok := files[r.URL.Path]; ok {
				_, _ = w.Write(content)
			} else {
				missing(w, r)
			}
		})
		if d := open(t, Spec{Data: "idx:" + at}); d.Train.Len() != 8 || d.Classes[2] != "2" {
			t.Errorf("%s: %d training rows, classes %q", name, d.Train.Len(), d.Classes)
		}
	}
}

// Errors name the address, not its password or query, and what is the matter.
func TestRemoteErrors(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	at := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page.csv":
			fmt.Fprint(w, "\n<!DOCTYPE html><title>Please log in</title>")
		case "/huge.csv":
			w.Header().Set("Content-Length", "17179869185")
		case "/packed.csv":
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, plain)
		case "/bad.csv":
			fmt.Fprint(w, "1,2,a\n1,x,b,c\n")
		case "/round.csv":
			http.Redirect(w, r, "/round.csv?secret", http.StatusFound)
		case "/secret.csv":
			http.Error(w, "who are you?", http.StatusUnauthorized)
		default:
			http.NotFound(w, r)
		}
	})
	gone := httptest.NewServer(nil)
	gone.Close()
	for place, want := range map[string][]string{
		at + "/none.csv":       {at + "/none.csv: the server answered 404 Not Found", "check the address", "give its path"},
		at + "/none.csv?sig=x": {at + "/none.csv?...: the server answered 404"},
		at + "/secret.csv":     {"/secret.csv: the server answered 401 Unauthorized"},
		at + "/page.csv":       {"/page.csv: expected a data file, the server sent a web page", "check the address"},
		at + "/huge.csv":       {"/huge.csv", "announces 17179869185 bytes", "at most 17179869184"},
		at + "/packed.csv":     {"/packed.csv", `encoding "br"`},
		at + "/round.csv":      {"/round.csv: redirected more than 5 times", "/round.csv?...;"},
		at + "/bad.csv":        {at + "/bad.csv:2: expected 3 columns", "found 4"},
		gone.URL + "/f.csv":    {gone.URL + "/f.csv: ", "refused", "check the address"},
		"ftp://host/f.csv":     {"ftp://host/f.csv", "https://HOST/FILE"},
		"http:///f.csv":        {"http:///f.csv", "https://HOST/FILE"},
	} {
		_, err := Open(t.Context(), Spec{Data: "csv:" + place})
		wantError(t, err, want...)
	}
	named := strings.Replace(at, "http://", "http://me:word@", 1)
	_, err := Open(t.Context(), Spec{Data: "csv:" + named + "/none.csv"})
	wantError(t, err, "http://me:xxxxx@", "404")
	_, err = Open(t.Context(), Spec{Data: "idx:" + at + "/dir"})
	wantError(t, err, at+"/dir/train-images-idx3-ubyte or "+at+"/dir/train-images-idx3-ubyte.gz: ", "404")
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A server that stops sending, or never begins, is left.
func TestRemoteSilence(t *testing.T) {
	requests := 0
	at := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("ETag", `"1"`)
		if requests == 1 {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "01234")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	})
	if got, err := fetch(t.Context(), at); err != nil || got != "0123456789" || requests != 2 {
		t.Errorf("%q, %v, %d requests", got, err, requests)
	}
	at = serveFunc(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := fetch(t.Context(), at)
	wantError(t, err, "sends nothing for 200ms", "check the address")
}

// The end of a context ends a download, and is told as it is.
func TestRemoteCancelled(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	at := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, plain)
		_ = http.NewResponseController(w).Flush()
		cancel(why)
		<-r.Context().Done()
	})
	for _, data := range []string{"csv:" + at + "/f.csv", "idx:" + at} {
		if _, err := Open(ctx, Spec{Data: data}); err != why {
			t.Errorf("%s: %v, want the cause of the end", data, err)
		}
	}
}

// Redirects are followed, but not out of an encrypted connection.
func TestRemoteRedirects(t *testing.T) {
	at := serve(t, map[string][]byte{"f.csv": []byte(plain)})
	from := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, at+"/f.csv", http.StatusFound)
	})
	if got, err := fetch(t.Context(), from); err != nil || got != plain {
		t.Errorf("%q, %v", got, err)
	}
	request := func(address string) *http.Request { return httptest.NewRequest("GET", address, nil) }
	err := checkRedirect(request("http://b/f?sig=x"), []*http.Request{request("https://a/f")})
	wantError(t, err, "redirected from https to http://b/f?...")
	if err := checkRedirect(request("https://b/f"), []*http.Request{request("http://a/f")}); err != nil {
		t.Error(err)
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ place, shown, base, joined string }{
		{"a/b", "a/b", "b", "a/b/x.gz"},
		{"/a/b/", "/a/b/", "b", "/a/b/x.gz"},
		{"http://h:1/a/b", "http://h:1/a/b", "b", "http://h:1/a/b/x.gz"},
		{"https://h/a/b/?k=v", "https://h/a/b/?...", "b", "https://h/a/b/x.gz?k=v"},
		{"https://u:p@h", "https://u:xxxxx@h", "h", "https://u:p@h/x.gz"},
	} {
		if got := shown(c.place); got != c.shown {
			t.Errorf("%s: shown as %s, want %s", c.place, got, c.shown)
		}
		if got := base(c.place); got != c.base {
			t.Errorf("%s: base %s, want %s", c.place, got, c.base)
		}
		if got := join(c.place, "x.gz"); got != c.joined {
			t.Errorf("%s: joined %s, want %s", c.place, got, c.joined)
		}
	}
}
