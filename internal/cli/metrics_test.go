package cli

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/train"
)

// TestPublish: figures are served where the settings say, and the members and
// the log are told where; a port that is taken ends a node that begins, and
// not one that comes back to a run.
func TestPublish(t *testing.T) {
	var log bytes.Buffer
	var off train.Options
	stop, err := publish(t.Context(), Settings{}, false, &off, zerolog.New(&log))
	if err != nil || off.Metrics != "" || off.Observe.StepDone != nil || log.Len() > 0 || stop() != nil {
		t.Errorf("nobody asked for it: %+v, %v, %s", off, err, &log)
	}
	o := train.Options{Observe: train.Observer{}}
	stop, err = publish(t.Context(), Settings{MetricsAddr: "127.0.0.1:0"}, false, &o, zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	o.Observe.StepDone(train.StepDone{Step: 1})
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(o.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil || !strings.Contains(text.String(), "\nballast_steps_total 1\n") {
		t.Errorf("%v: %s", err, &text)
	}
	if !strings.Contains(log.String(), o.Metrics) {
		t.Errorf("the log does not say where: %s", &log)
	}

	used := Settings{MetricsAddr: strings.TrimSuffix(strings.TrimPrefix(o.Metrics, "http://"), "/metrics")}
	var second train.Options
	_, err = publish(t.Context(), used, false, &second, zerolog.Nop())
	if _, usage := errors.AsType[*train.UsageError](err); !usage || !strings.Contains(err.Error(), "--metrics-addr: cannot listen on "+used.MetricsAddr) {
		t.Errorf("a port that is taken: %v", err)
	}
	back, err := publish(t.Context(), used, true, &second, zerolog.Nop())
	if err != nil || second.Metrics == "" || second.Metrics == o.Metrics {
		t.Fatalf("in a run under way: %q, %v", second.Metrics, err)
	}
	if err := errors.Join(back(), stop()); err != nil {
		t.Error(err)
	}
}
