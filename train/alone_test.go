package train

import "testing"

// TestAlone: a model trained alone has the bits of one trained on a ring.
func TestAlone(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Epochs, cfg.Batch, cfg.Lambda = "csv:"+writeTable(t, 150), "mlp:8", 2, 32, "2"
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	file, s, err := Alone(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := inProcess(t, cfg, 3).ModelSHA256; s.ModelSHA256 != want || digest(file) != want {
		t.Errorf("alone %s (file %s), three nodes %s", s.ModelSHA256, digest(file), want)
	}
	cfg.Method = "nonsense"
	if _, _, err := Alone(t.Context(), cfg, data, Options{}); err == nil {
		t.Error("nonsense was trained")
	}
}
