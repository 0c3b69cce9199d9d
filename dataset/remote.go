package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"time"
)

// The limits of a download.
const (
	maxDownload  = 16 << 30 // bytes; what they hold is to fit in memory, too
	maxTries     = 5
	maxRedirects = 5
	dialTimeout  = 10 * time.Second
)

// advice ends messages about servers.
const advice = "check the address, or copy the file to this machine and give its path"

// errSilent ends a try in which the server has stopped sending.
var errSilent = errors.New("the server sends nothing")

// ErrUnavailable is what errors of [Open] wrap that say nothing against what the
// person has written: a server that cannot be reached, does not answer, or
// breaks off.
var ErrUnavailable = errors.New("the data cannot be had now")

// brokenError is an error that another try may mend.
type brokenError struct{ error }

// Is makes ErrUnavailable of it.
func (e brokenError) Is(target error) bool { return target == ErrUnavailable }

// Unwrap returns what broke.
func (e brokenError) Unwrap() error { return e.error }

// fetcher downloads a file into a temporary file: its size is then known, it
// takes no memory beside what is made of it, and a broken transfer can go on
// where it broke. A whole transfer may take any time; a silent server may not.
type fetcher struct {
	client  *http.Client
	silence time.Duration // longest time without a byte from the server
	pause   time.Duration // before the second try; doubled before each one after
}

func newFetcher() *fetcher {
	return &fetcher{
		client: &http.Client{
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
				TLSHandshakeTimeout: dialTimeout,
				ForceAttemptHTTP2:   true,
				// Bytes are counted and resumed as they lie on the server;
				// newFile decompresses.
				DisableCompression: true,
			},
			CheckRedirect: checkRedirect,
		},
		silence: 30 * time.Second,
		pause:   500 * time.Millisecond,
	}
}

func checkRedirect(to *http.Request, via []*http.Request) error {
	switch from := via[len(via)-1].URL; {
	case len(via) > maxRedirects:
		return fmt.Errorf("redirected more than %d times, last to %s", maxRedirects, shown(to.URL.String()))
	case from.Scheme == "https" && to.URL.Scheme != "https":
		return fmt.Errorf("redirected from https to %s, where anybody on the way could change it", shown(to.URL.String()))
	}
	return nil
}

// fetch returns the file at an address, at its start. The error wraps
// fs.ErrNotExist if the server says that there is none.
func (f *fetcher) fetch(ctx context.Context, from *url.URL) (fs.File, error) {
	defer f.client.CloseIdleConnections()
	to, err := newSpool()
	if err != nil {
		return nil, err
	}
	if err := f.insist(ctx, &transfer{from: from, to: to}); err != nil {
		_ = to.Close() // err is what matters
		return nil, err
	}
	return to, nil
}

// insist tries until the file is here or there is no hope. A server that has
// never answered is not asked again: a slip in the address is likelier than a
// network that breaks just then.
func (f *fetcher) insist(ctx context.Context, t *transfer) error {
	pause := f.pause
	for try := 1; ; try++ {
		err := f.try(ctx, t)
		_, mendable := errors.AsType[brokenError](err)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case mendable && t.have > 0:
			err = fmt.Errorf("the transfer broke after %s: %w", t.progress(), err)
		}
		switch {
		case !mendable || !t.answered:
			return fmt.Errorf("%w; %s", err, advice)
		case try == maxTries:
			return fmt.Errorf("%w, in the last of %d tries; %s", err, try, advice)
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// try makes one request and takes what comes, for as long as something comes.
func (f *fetcher) try(ctx context.Context, t *transfer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(f.silence, func() { cancel(errSilent) })
	defer alarm.Stop()
	err := f.request(ctx, t, func() { alarm.Reset(f.silence) })
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		return brokenError{fmt.Errorf("%w for %v", errSilent, f.silence)}
	}
	return err
}

// request asks for what t still needs and takes it. It calls heard whenever
// bytes have come.
func (f *fetcher) request(ctx context.Context, t *transfer, heard func()) error {
	resp, err := f.client.Do(t.request(ctx))
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the rest is the address, with its query
		}
		return brokenError{err}
	}
	defer resp.Body.Close()
	t.answered = true
	if err := t.accept(resp); err != nil {
		return err
	}
	body := bufio.NewReaderSize(&listener{resp.Body, heard}, 1<<16)
	if head, _ := body.Peek(512); t.have == 0 && isPage(head) { // Copy meets Peek's error again
		return pageError{}
	}
	if _, err := io.Copy(t, body); err != nil {
		return err
	}
	return t.finish()
}

// listener tells when bytes come, and knows that errors of reading may be
// mended, which those of writing may not.
type listener struct {
	from  io.Reader
	heard func()
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if n > 0 {
		l.heard()
	}
	if err != nil && err != io.EOF {
		err = brokenError{err}
	}
	return n, err
}
