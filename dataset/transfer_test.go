package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// flaky serves a file of which each request of a list sees one version and
// gets so many bytes before the connection breaks.
type flaky struct {
	t     *testing.T
	tries []flakyTry
	seen  []string // the ranges that were asked for
}

type flakyTry struct {
	content, tag string
	bytes        int // of the answer's body; -1: all
	status       int // answered in place of the file, if not 0
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := len(f.seen)
	f.seen = append(f.seen, r.Header.Get("Range"))
	if n >= len(f.tries) {
		f.t.Errorf("request %d, expected %d", n+1, len(f.tries))
		return
	}
	try := f.tries[n]
	if try.status != 0 {
		w.WriteHeader(try.status)
		return
	}
	if strings.HasPrefix(try.tag, `"`) || strings.HasPrefix(try.tag, "W/") {
		w.Header().Set("ETag", try.tag)
	} else if try.tag != "" {
		w.Header().Set("Last-Modified", try.tag)
	}
	whole := httptest.NewRecorder()
	for k, v := range w.Header() {
		whole.Header()[k] = v
	}
	modified, _ := http.ParseTime(try.tag)
	http.ServeContent(whole, r, "", modified, strings.NewReader(try.content))
	for k, v := range whole.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(whole.Code)
	body := whole.Body.Bytes()
	if try.bytes < 0 || try.bytes >= len(body) {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:try.bytes])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestRemoteResumes(t *testing.T) {
	one, two := strings.Repeat("first,", 20_000), strings.Repeat("other,", 20_000)
	const date, later = "Sun, 09 Sep 2001 01:46:40 GMT", "Mon, 10 Sep 2001 01:46:40 GMT"
	for name, c := range map[string]struct {
		tries  []flakyTry
		want   string
		ranges []string
	}{
		"by tag": {[]flakyTry{{one, `"1"`, 70_000, 0}, {one, `"1"`, 100, 0}, {one, `"1"`, -1, 0}}, one,
			[]string{"", "bytes=70000-", "bytes=70100-"}},
		"by date":        {[]flakyTry{{one, date, 70_000, 0}, {one, date, -1, 0}}, one, []string{"", "bytes=70000-"}},
		"no version":     {[]flakyTry{{one, "", 70_000, 0}, {one, "", -1, 0}}, one, []string{"", ""}},
		"weak tag":       {[]flakyTry{{one, `W/"1"`, 70_000, 0}, {one, `W/"1"`, -1, 0}}, one, []string{"", ""}},
		"changed":        {[]flakyTry{{one, `"1"`, 70_000, 0}, {two, `"2"`, -1, 0}}, two, []string{"", "bytes=70000-"}},
		"changed date":   {[]flakyTry{{one, date, 70_000, 0}, {two, later, -1, 0}}, two, []string{"", "bytes=70000-"}},
		"changed, later": {[]flakyTry{{one, `"1"`, 70_000, 0}, {two, `"2"`, 500, 0}, {two, `"2"`, -1, 0}}, two, []string{"", "bytes=70000-", "bytes=500-"}},
		"busy":           {[]flakyTry{{status: 503}, {status: 429}, {one, "", -1, 0}}, one, []string{"", "", ""}},
		"busy, then":     {[]flakyTry{{one, `"1"`, 70_000, 0}, {status: 502}, {one, `"1"`, -1, 0}}, one, []string{"", "bytes=70000-", "bytes=70000-"}},
		"refuses ranges": {[]flakyTry{{one, `"1"`, 70_000, 0}, {status: 416}, {one, `"1"`, -1, 0}}, one, []string{"", "bytes=70000-", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flaky{t: t, tries: c.tries}
			got, err := fetch(t.Context(), serveFunc(t, f.ServeHTTP))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%d bytes that begin %.5q and end %.5q; want %d of %.5q", len(got), got, got[max(len(got)-5, 0):], len(c.want), c.want)
			}
			if fmt.Sprint(f.seen) != fmt.Sprint(c.ranges) {
				t.Errorf("ranges %q, want %q", f.seen, c.ranges)
			}
		})
	}
}

// A server that resumes what it should not is not believed.
func TestRemoteWrongRanges(t *testing.T) {
	const whole = "0123456789"
	for name, head := range map[string]map[string]string{
		"no range":      {},
		"another place": {"Content-Range": "bytes 3-9/10"},
		"another size":  {"Content-Range": "bytes 5-10/11"},
		"another tag":   {"Content-Range": "bytes 5-9/10", "ETag": `"2"`},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			at := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				w.Header().Set("ETag", `"1"`)
				switch requests {
				case 1:
					w.Header().Set("Content-Length", "10")
					fmt.Fprint(w, whole[:5])
				case 2:
					for k, v := range head {
						w.Header().Set(k, v)
					}
					w.WriteHeader(http.StatusPartialContent)
					fmt.Fprint(w, "wrong")
				default:
					if r.Header.Get("Range") != "" {
						t.Error("the server is asked again to resume")
					}
					fmt.Fprint(w, whole)
				}
			})
			if got, err := fetch(t.Context(), at); err != nil || got != whole {
				t.Errorf("%q, %v; want %q", got, err, whole)
			}
		})
	}
}

// There is an end to trying.
func TestRemoteGivesUp(t *testing.T) {
	requests := 0
	at := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, strings.Repeat("x", 90)) // and closes: it announced too much
	})
	_, err := fetch(t.Context(), at)
	wantError(t, err, "broke after 90 of 100 bytes", "last of 5 tries", "give its path")
	if requests != maxTries {
		t.Errorf("%d requests, want %d", requests, maxTries)
	}
	requests = 0
	at = serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusBadGateway)
	})
	_, err = fetch(t.Context(), at)
	wantError(t, err, "502 Bad Gateway", "last of 5 tries")
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("a broken server is taken for a missing file")
	}
}

// A file without an announced size is read to its end, or to the limit.
func TestTransferLimit(t *testing.T) {
	to, err := newSpool()
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	endless := &transfer{to: to, total: -1, have: maxDownload - 1}
	if _, err := endless.Write([]byte("xx")); err == nil {
		t.Error("more than the limit is taken")
	}
	liar := &transfer{to: to, total: 5, have: 4}
	_, err = liar.Write([]byte("xx"))
	wantError(t, err, "announced 5 bytes", "sends more")
	closed := &transfer{to: to, total: -1}
	if err := to.File.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = closed.Write([]byte("x"))
	wantError(t, err, "writing "+to.Name(), "TMPDIR", "closed")
}
