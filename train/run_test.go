package train

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// TestOpenData: a file that is not there is the person's to mend; a server that
// is down is not.
func TestOpenData(t *testing.T) {
	missing := httptest.NewServer(http.NotFoundHandler())
	defer missing.Close()
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	for _, tt := range []struct {
		data  string
		usage bool
	}{
		{"csv:no-such-file.csv", true},
		{"csv:" + missing.URL + "/a.csv", true},
		{"csv:" + down.URL + "/a.csv", false},
		{"idx:" + down.URL + "/mnist", false},
	} {
		cfg := Defaults()
		cfg.Data = tt.data
		_, err := openData(t.Context(), cfg.spec())
		if _, usage := errors.AsType[*UsageError](err); err == nil || usage != tt.usage || errors.Is(err, dataset.ErrUnavailable) == tt.usage {
			t.Errorf("%s: %v; of the person %v, expected %v", tt.data, err, usage, tt.usage)
		}
	}
}
