package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// TestScoresOfEveryRow: whatever the number of shards, also more than there are
// rows, every row's logits are there, once, in order.
func TestScoresOfEveryRow(t *testing.T) {
	cfg := Defaults()
	cfg.Data = "csv:" + writeTable(t, 97)
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	net, err := model.New(model.Config{Arch: "mlp:6", Input: data.Shape, Classes: 3, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	want := metrics.Scores{Classes: 3}
	x := make([]float32, data.Features())
	for i := range data.Test.Len() {
		data.Test.Read(x, i)
		want.Logits = append(want.Logits, net.Logits(model.Pass{}, x, 1)...)
		want.Labels = append(want.Labels, data.Test.Label(i))
	}
	for _, parts := range []int{1, 2, 3, 7, 64} {
		got, err := (&Model{Net: net, Arch: net.Config()}).scores(t.Context(), data.Test, parts)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d parts: other scores than row by row", parts)
		}
	}
}

// oneShort is a ring whose last shard has lost a row.
type oneShort struct{}

func (oneShort) Gather(_ context.Context, local [][]float64) ([][]float64, error) {
	last := local[len(local)-1]
	local[len(local)-1] = last[:len(last)-1]
	return local, nil
}

// TestScoresRefuseMissingRows: a row that is missing is an error, not a row of
// zeros.
func TestScoresRefuseMissingRows(t *testing.T) {
	cfg := Defaults()
	cfg.Data = "csv:" + writeTable(t, 50)
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	net, err := model.New(model.Config{Arch: "logistic", Input: data.Shape, Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	e := evaluator{classes: 3, shards: 1, replicas: []*model.Network{net.Replica()}, crew: newCrew(1)}
	defer e.crew.close()
	if _, err := e.scores(t.Context(), data.Test, data.Features(), optimizer.Solo{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.scores(t.Context(), data.Test, data.Features(), oneShort{}); err == nil {
		t.Error("a missing row passed")
	}
}

// TestScoresEndWithTheRing: an evaluation does not go on to its end on a ring
// that is lost.
func TestScoresEndWithTheRing(t *testing.T) {
	cfg := Defaults()
	cfg.Data = "csv:" + writeTable(t, 5*4*evaluationRows)
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	net, err := model.New(model.Config{Arch: "logistic", Input: data.Shape, Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("the ring is lost")
	ctx, cancel := context.WithCancelCause(t.Context())
	beats := 0
	e := evaluator{classes: 3, shards: 1, replicas: []*model.Network{net.Replica()}, crew: newCrew(1), beat: func() {
		beats++
		cancel(lost)
	}}
	defer e.crew.close()
	if _, err := e.scores(ctx, data.Test, data.Features(), optimizer.Solo{}); !errors.Is(err, lost) || beats != 1 {
		t.Errorf("after %d blocks of rows of %d: %v", beats, data.Test.Len(), err)
	}
}

// TestFiguresAnyNodesAnyShards: figures are a function of the model and the
// rows. With a network that does not know its shards (no batch norm), they are
// the same to the last bit for any division of the test rows.
func TestFiguresAnyNodesAnyShards(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Epochs, cfg.Batch, cfg.Lambda = "csv:"+writeTable(t, 180), "mlp:8", 1, 32, "2"
	cfg.Cost = "FN=10,FP=1"
	one := inProcess(t, cfg, 1)
	text, err := json.Marshal(one.Test)
	if err != nil {
		t.Fatal(err)
	}
	for _, nodes := range []int{2, 3, 8} {
		s := inProcess(t, cfg, nodes)
		if other, _ := json.Marshal(s.Test); string(other) != string(text) {
			t.Errorf("%d nodes: %s, one: %s", nodes, other, text)
		}
	}
	for _, name := range []string{"auroc", "auprc", "cost", "worst_class_precision"} {
		if _, ok := one.Test.Value(name); !ok {
			t.Errorf("the report has no %s: %s", name, text)
		}
	}
}

// TestEvaluateTauNorm: a normalised classifier decides otherwise, and the file
// stays as it is.
func TestEvaluateTauNorm(t *testing.T) {
	dir, cfg := firstStage(t)
	cfg.Init = ""
	path := filepath.Join(dir, modelName)
	plain, err := Evaluate(t.Context(), path, cfg, EvaluateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	normed, err := Evaluate(t.Context(), path, cfg, EvaluateOptions{TauNorm: 1})
	if err != nil {
		t.Fatal(err)
	}
	if plain.ModelSHA256 != normed.ModelSHA256 || plain.Test.LogLoss == normed.Test.LogLoss {
		t.Errorf("%+v and %+v", plain, normed)
	}
}

// TestGroups: the figures of a group are those of its rows alone, the worst group
// is the least of them, and all are the same on any number of nodes.
func TestGroups(t *testing.T) {
	cfg := groupedConfig(t)
	cfg.Method, cfg.ValFraction, cfg.Monitor, cfg.Patience = "la", 0.2, "worst_group", 5
	one := inProcess(t, cfg, 1)
	if len(one.TestGroups) != 3 {
		t.Fatalf("groups %v", one.TestGroups)
	}
	rows, worst, best := 0, 1.0, 0.0
	for _, m := range one.TestGroups {
		rows += m.Rows
		worst, best = min(worst, m.Accuracy), max(best, m.Accuracy)
	}
	if w, _ := one.Test.Value("worst_group"); rows != one.Test.Rows || w != worst {
		t.Errorf("%d of %d rows are in groups; the worst has %v, told is %v", rows, one.Test.Rows, worst, w)
	}
	if s, _ := one.Test.Value("group_spread"); s != best-worst {
		t.Errorf("spread %v, expected %v", s, best-worst)
	}
	if _, ok := one.Val.Value("worst_group"); !ok {
		t.Error("the validation part has no worst group to choose by")
	}
	want, err := json.Marshal(one.TestGroups)
	if err != nil {
		t.Fatal(err)
	}
	for _, nodes := range []int{2, 3} {
		s := inProcess(t, cfg, nodes)
		if got, _ := json.Marshal(s.TestGroups); s.ModelSHA256 != one.ModelSHA256 || string(got) != string(want) {
			t.Errorf("%d nodes: model %s, groups %s; one: %s, %s", nodes, s.ModelSHA256, got, one.ModelSHA256, want)
		}
	}
}

// groupedConfig is a run on a table with a column of three sites.
func groupedConfig(t *testing.T) Config {
	t.Helper()
	text, err := os.ReadFile(writeTable(t, 200))
	if err != nil {
		t.Fatal(err)
	}
	b := []byte("site,a,b,c,d,e,class\n")
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		b = fmt.Appendf(b, "%s,%s\n", []string{"rome", "oslo", "bern"}[i%7%3], line)
	}
	cfg := Defaults()
	cfg.Data, cfg.Label, cfg.GroupBy = "csv:"+writeFile(t, "sites.csv", b), "class", "site"
	cfg.Model, cfg.Epochs, cfg.Batch, cfg.Warmup = "mlp:5", 3, 19, 0
	return cfg
}
