package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// transfer is a file on its way from a web server, which may take more than
// one request. It begins anew whenever it cannot be sure that what is still to
// come is of the file that has begun to come.
type transfer struct {
	from     *url.URL
	to       *spool
	answered bool   // the server has sent an answer, of whatever kind
	have     int64  // bytes that are here
	total    int64  // bytes that the server announced; -1 if it did not
	version  string // names the file's version in If-Range; "" if nothing does
}

// request asks for what is missing of the version of which a part is here, and
// for the whole file if there is another by now.
func (t *transfer) request(ctx context.Context) *http.Request {
	r := &http.Request{Method: http.MethodGet, URL: t.from, Header: http.Header{}}
	r.Header.Set("User-Agent", "ballast")
	r.Header.Set("Accept-Encoding", "identity")
	if t.have > 0 && t.version != "" {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.have))
		r.Header.Set("If-Range", t.version)
	}
	return r.WithContext(ctx)
}

// accept takes the head of an answer: what follows it are bytes from t.have
// on.
func (t *transfer) accept(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return t.begin(resp)
	case code == http.StatusPartialContent && t.have > 0:
		return t.resume(resp)
	case code == http.StatusRequestedRangeNotSatisfiable:
		t.version = "" // the file has shrunk: ask for the whole
		return brokenError{statusError{code}}
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return brokenError{statusError{code}}
	default:
		return statusError{code}
	}
}

// begin starts from the first byte.
func (t *transfer) begin(resp *http.Response) error {
	switch e := strings.ToLower(resp.Header.Get("Content-Encoding")); e {
	case "", "identity", "gzip", "x-gzip":
	default:
		return fmt.Errorf("the server sends the file in the encoding %q; expected it as it is, or in gzip", e)
	}
	if resp.ContentLength > maxDownload {
		return fmt.Errorf("the server announces %d bytes; expected at most %d", resp.ContentLength, int64(maxDownload))
	}
	t.have, t.total, t.version = 0, resp.ContentLength, version(resp.Header)
	return t.to.Truncate(0)
}

// resume checks that an answer goes on where the last one broke.
func (t *transfer) resume(resp *http.Response) error {
	var first, last int64
	var total string
	n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%s", &first, &last, &total)
	v := version(resp.Header)
	if n != 3 || first != t.have || v != "" && v != t.version ||
		t.total >= 0 && total != "*" && total != strconv.FormatInt(t.total, 10) {
		t.version = ""
		return brokenError{errors.New("the server went on with another file, or at another place")}
	}
	return nil
}

// version returns what If-Range takes: a strong entity tag, or a date.
func version(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// Write adds bytes. Its errors are none that another try could mend.
func (t *transfer) Write(p []byte) (int, error) {
	switch end := t.have + int64(len(p)); {
	case t.total >= 0 && end > t.total:
		return 0, fmt.Errorf("the server announced %d bytes and sends more", t.total)
	case end > maxDownload:
		return 0, fmt.Errorf("the server sends more than %d bytes", int64(maxDownload))
	}
	n, err := t.to.WriteAt(p, t.have)
	t.have += int64(n)
	if err != nil {
		return n, fmt.Errorf("writing %s (TMPDIR says where): %w", t.to.Name(), plainCause(err))
	}
	return n, nil
}

// finish checks that everything has come.
func (t *transfer) finish() error {
	if t.have < t.total {
		return brokenError{io.ErrUnexpectedEOF}
	}
	return nil
}

func (t *transfer) progress() string {
	if t.total < 0 {
		return fmt.Sprintf("%d bytes", t.have)
	}
	return fmt.Sprintf("%d of %d bytes", t.have, t.total)
}

// statusError is an answer without a file.
type statusError struct{ code int }

func (e statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answered %d %s", e.code, http.StatusText(e.code)))
}

// Is makes fs.ErrNotExist of the answers that mean it. Stores that hide what
// they hold answer 403.
func (e statusError) Is(target error) bool {
	gone := e.code == http.StatusNotFound || e.code == http.StatusGone || e.code == http.StatusForbidden
	return gone && target == fs.ErrNotExist
}

// pageError is a page for people in place of a file: a login, or what some
// servers send for what they do not have.
type pageError struct{}

func (pageError) Error() string        { return "expected a data file, the server sent a web page" }
func (pageError) Is(target error) bool { return target == fs.ErrNotExist }

// isPage tells pages for people by how they begin. The type that a server
// names is no guide: some call all that they do not know text/html.
func isPage(head []byte) bool {
	kind := http.DetectContentType(head)
	return strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "text/xml")
}

// spool is a temporary file. It has no name from the start, so that nothing
// stays behind of a process that is killed, or where the system does not
// remove open files, from when it is closed.
type spool struct {
	*os.File
	named bool
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "ballast-*")
	if err != nil {
		return nil, fmt.Errorf("no temporary file (TMPDIR says where): %w", err)
	}
	return &spool{File: f, named: os.Remove(f.Name()) != nil}, nil
}

// Close closes the file, and nothing is left of it.
func (s *spool) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}
