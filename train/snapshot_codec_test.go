package train

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// encode returns the bytes of the checkpoint: equal ones for equal snapshots.
func (s *snapshot) encode(id identity) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(4*s.size() + 4096)
	err := s.writeTo(&b, id)
	return b.Bytes(), err
}

// size is how many float32 a checkpoint has.
func (s *snapshot) size() int {
	n := len(s.params) + len(s.running)
	for _, slot := range s.slots {
		n += len(slot.Data)
	}
	return n
}

// tinyCheckpoint is a checkpoint of some hundred numbers.
func tinyCheckpoint(t testing.TB) (Config, *dataset.Data, []byte) {
	t.Helper()
	cfg, data := smallRun(t, func(c *Config) { c.Model, c.Optimizer = "mlp:2", "adam" })
	j := testJob(t, cfg, data)
	s := newSnapshot(j)
	s.generation, s.score, s.state.Step, s.state.EpochLoss = 7, 0.75, 3, 1/3.0
	s.weigher = []float64{1, -math.Pi, 2}
	s.params[1] = float32(math.Inf(1))
	s.running[0] = float32(math.NaN())
	file, err := s.encode(identityOf(j))
	if err != nil {
		t.Fatal(err)
	}
	return cfg, data, file
}

// TestDecodeRefusesDamage flips every bit, cuts at every length and adds a byte.
func TestDecodeRefusesDamage(t *testing.T) {
	cfg, data, file := tinyCheckpoint(t)
	j := testJob(t, cfg, data)
	if _, err := decodeSnapshot(file, j); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if _, err := decodeSnapshot(file[:n], j); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(file))
		}
		for bit := range 8 {
			file[n] ^= 1 << bit
			if _, err := decodeSnapshot(file, j); err == nil {
				t.Fatalf("accepted with bit %d of byte %d changed", bit, n)
			}
			file[n] ^= 1 << bit
		}
	}
	if _, err := decodeSnapshot(append(file, 0), j); err == nil {
		t.Error("accepted with a byte too many")
	}
}

// TestDecodeNamesTheForeign: a checkpoint of another run is told from a damaged
// one, and the difference is named.
func TestDecodeNamesTheForeign(t *testing.T) {
	cfg, data, file := tinyCheckpoint(t)
	for want, other := range map[string]func() *job{
		"configuration is lr=0.002, here it is lr=0.5": func() *job {
			c := cfg
			c.LR = 0.5
			return testJob(t, c, data)
		},
		"seed=1, here": func() *job {
			c := cfg
			c.Seed = 9
			return testJob(t, c, data)
		},
		"data fingerprint is " + shorten(data.Fingerprint) + ", here it is other": func() *job {
			j := testJob(t, cfg, data)
			d := *data
			d.Fingerprint = "other"
			j.data = &d
			return j
		},
	} {
		_, err := decodeSnapshot(file, other())
		if _, ok := errors.AsType[*foreignError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	j := testJob(t, cfg, data)
	id := identityOf(j)
	id.contract = "0"
	old, _ := newSnapshot(j).encode(id)
	if _, err := decodeSnapshot(old, j); err == nil || !strings.Contains(err.Error(), "contract is 0, here it is "+Contract) {
		t.Errorf("another contract: %v", err)
	}
	model, _ := encodeModel(j.arch, j.net, data.Prep, plainReadout(j.arch.Classes))
	if _, err := decodeSnapshot(model, j); err == nil || !strings.Contains(err.Error(), "not a checkpoint") {
		t.Errorf("a model: %v", err)
	}
}

// TestForeignMessageIsBounded: a stored text may be of any length.
func TestForeignMessageIsBounded(t *testing.T) {
	long := strings.Repeat("a=1\n", 10) + strings.Repeat("b", 1e5)
	for i := range 100 {
		long += "\nk" + strings.Repeat("x", i) + "=1"
	}
	err := compareIdentity(identity{config: long}, identity{config: "c=1\n"})
	if n := len(err.Error()); n > 1000 {
		t.Errorf("a message of %d bytes", n)
	}
}

// TestDecodeRefusesNonsense: bytes whose checksum is right may still be no state
// of the run.
func TestDecodeRefusesNonsense(t *testing.T) {
	cfg, data, file := tinyCheckpoint(t)
	j := testJob(t, cfg, data)
	for from, to := range map[string]string{
		`"step":"3"`:         `"step":"9999"`,
		`"epoch_rows":"0"`:   `"epoch_rows":"many"`,
		`"generation":"7"`:   `"generation":"-7"`,
		`"param":{`:          `"parax":{`,
		`"val_score":"0x1.8`: `"val_score":"zz1.8`,
	} {
		bad := bytes.Replace(file, []byte(from), []byte(to), 1)
		if bytes.Equal(bad, file) {
			t.Fatalf("%s is not in the file", from)
		}
		if _, err := decodeSnapshot(resealed(bad), j); err == nil || strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// resealed gives changed bytes the header's length and the checksum that they
// need to be looked at more closely.
func resealed(file []byte) []byte {
	file = bytes.Clone(file)
	if n := bytes.Index(file, []byte("}}")); n >= 8 {
		for n += 2; n < len(file) && file[n] == ' '; n++ {
		}
		for i := range 8 {
			file[i] = byte((n - 8) >> (8 * i))
		}
	}
	if sum, err := checksum(file); err == nil {
		copy(file[bytes.Index(file, []byte(`"sha256":"`))+10:], sum)
	}
	return file
}

// FuzzDecodeSnapshot: whatever the bytes, decoding ends, and what it accepts
// can be restored, unless the weigher refuses the values.
func FuzzDecodeSnapshot(f *testing.F) {
	cfg, data, file := tinyCheckpoint(f)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add(bytes.Replace(file, []byte(`"weigher":"`), []byte(`"weigher":"0x1p-2 `), 1))
	f.Add(bytes.Replace(file, []byte(`"step":"3"`), []byte(`"step":"4"`), 1))
	f.Add(bytes.Replace(file, []byte(`"optim.`), []byte(`"optix.`), 1))
	j := testJob(f, cfg, data)
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, file := range [][]byte{file, resealed(file)} {
			s, err := decodeSnapshot(file, j)
			if err != nil {
				continue
			}
			before := j.view().digest()
			if err := s.restore(j); err != nil && j.view().digest() != before {
				t.Fatalf("refused (%v), but changed the job", err)
			} else if err == nil && j.view().digest() != s.digest() {
				t.Fatal("restored another state")
			}
		}
	})
}
