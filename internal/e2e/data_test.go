package e2e

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// The data of these tests, in MNIST's format: small, since each of some hundred
// processes reads it, and easy.
const (
	trainRows = 4000
	testRows  = 500
	pixels    = 28 * 28
	classes   = 10
)

// writeData writes the data into a directory.
func writeData(dir string) error {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := make([]byte, classes*pixels)
	for i := range shapes {
		shapes[i] = byte(r.IntN(256))
	}
	for _, part := range []struct {
		name string
		rows int
	}{{"train", trainRows}, {"t10k", testRows}} {
		images, labels := head(0x803, part.rows, 28, 28), head(0x801, part.rows)
		for range part.rows {
			c := r.IntN(classes)
			labels = append(labels, byte(c))
			for _, p := range shapes[c*pixels:][:pixels] {
				images = append(images, byte((int(p)+3*r.IntN(256))/4)) // mostly noise
			}
		}
		for name, file := range map[string][]byte{"-images-idx3-ubyte": images, "-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(dir, part.name+name), file, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// head is the beginning of an IDX file: its kind and its sizes.
func head(numbers ...int) []byte {
	var b bytes.Buffer
	for _, n := range numbers {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
	}
	return b.Bytes()
}
