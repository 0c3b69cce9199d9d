package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// publication is a set of IDX files that somebody has published: where they are,
// and the SHA-256 of each.
type publication struct {
	name    string
	mirrors []string // directories on web servers, tried in order
	files   [][2]string
}

// fashionMNIST is the set of H. Xiao, K. Rasul and R. Vollgraf,
// "Fashion-MNIST", arXiv:1708.07747 (2017), under the MIT licence.
var fashionMNIST = publication{
	name: "fashion-mnist",
	mirrors: []string{
		"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
		"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
	},
	files: [][2]string{
		{"train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
		{"train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
		{"t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
		{"t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
	},
}

// mnist is the set of Y. LeCun, C. Cortes and C. Burges, "The MNIST database of
// handwritten digits" (1998).
var mnist = publication{
	name: "mnist",
	mirrors: []string{
		"https://ossci-datasets.s3.amazonaws.com/mnist",
		"https://storage.googleapis.com/cvdf-datasets/mnist",
	},
	files: [][2]string{
		{"train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
		{"train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
		{"t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
		{"t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
	},
}

// open reads the files from the cache. Those that are not there, or are not
// what was published, are downloaded first.
func (p publication) open(ctx context.Context, _ string, s *Spec) (*raw, error) {
	dir := filepath.Join(s.Cache, p.name)
	if s.Cache == "" {
		temporary, err := os.MkdirTemp("", "ballast-*")
		if err != nil {
			return nil, fmt.Errorf("no temporary directory (TMPDIR says where): %w", err)
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	for _, file := range p.files {
		if err := p.get(ctx, dir, file[0], file[1]); err != nil {
			return nil, err
		}
	}
	r, err := openIDX(ctx, dir, s)
	if err == nil {
		r.name = p.name
	}
	return r, err
}

// get makes sure that dir holds a file with the given SHA-256.
func (p publication) get(ctx context.Context, dir, name, sum string) error {
	path := filepath.Join(dir, name)
	if f, err := os.Open(path); err == nil {
		err := verify(f, sum)
		f.Close()
		if err == nil {
			return nil
		}
	}
	var errs []error
	for _, mirror := range p.mirrors {
		err := download(ctx, mirror+"/"+name+"#sha256="+sum, path)
		if err == nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("%s: %w; or copy the file to %s", p.name, errors.Join(errs...), dir)
}

// download copies a file to a path, whole or not at all.
func download(ctx context.Context, place, path string) error {
	f, err := openPlace(ctx, place)
	if err != nil {
		return fmt.Errorf("%s: %w", shown(place), err)
	}
	defer f.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	to, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = to.Cleanup() }() // nothing is left to clean up after a rename
	if _, err := io.Copy(to, f); err != nil {
		return err
	}
	return to.CloseAtomicallyReplace()
}

// checksum returns the SHA-256 that an address demands behind #sha256=; "" if
// it demands none.
func checksum(fragment string) (string, error) {
	sum, ok := strings.CutPrefix(fragment, "sha256=")
	if b, err := hex.DecodeString(sum); fragment != "" && (!ok || err != nil || len(b) != sha256.Size) {
		return "", fmt.Errorf("#%s: expected #sha256= and 64 hexadecimal digits", fragment)
	}
	return strings.ToLower(sum), nil
}

// verify reads a file and compares its SHA-256, then goes back to its start.
func verify(f fs.File, want string) error {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return plainCause(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("expected a file with SHA-256 %s, this one has %s: it was changed, or is another version", want, got)
	}
	_, err := f.(io.Seeker).Seek(0, io.SeekStart)
	return err
}
