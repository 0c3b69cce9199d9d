//go:build realdata

// These tests read the public data sets that the protocol of doc.go was
// written for, from the directory that BALLAST_DATA names. The digests of
// rows come from a separate program.
package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func dataDir(t *testing.T, elem ...string) string {
	t.Helper()
	root := os.Getenv("BALLAST_DATA")
	if root == "" {
		t.Fatal("BALLAST_DATA is not set; expected the directory that holds fashion-mnist, mammography and others")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

func TestRealFashionMNIST(t *testing.T) {
	s := Spec{Data: "idx:" + dataDir(t, "fashion-mnist")}
	full := open(t, s)
	if full.Classes[0] != "T-shirt/top" || full.Classes[9] != "Ankle boot" {
		t.Errorf("classes %q", full.Classes)
	}
	for _, n := range full.Train.Counts() {
		if n != 6000 || full.Test.Len() != 10000 {
			t.Errorf("classes of %v rows, %d test rows", full.Train.Counts(), full.Test.Len())
		}
	}
	s.LongTail = 100
	lt := open(t, s)
	if want := []int{6000, 3596, 2156, 1292, 774, 464, 278, 166, 100, 60}; !slices.Equal(lt.Train.Counts(), want) {
		t.Errorf("long tail 100: %v, want %v", lt.Train.Counts(), want)
	}
	s.LabelNoise = "sym:0.4"
	noisy := open(t, s)
	s.ValFraction = 0.1
	val := open(t, s)
	for name, c := range map[string]struct {
		set  *Set
		want string
	}{
		"tail":      {lt.Train, "c3c39a4d62958dfdf8dc6cbf1bf099d0dd5e3f5b7b8e1964cd83ca3361adecbb"},
		"noise":     {noisy.Train, "f7c8d226328c6022bc40c6d4de9e18d7f660c0a9045e0505a919af3348e573de"},
		"val, kept": {val.Train, "8c37a62049a437ca966337a3a6b3fa5952322847a9713df53eec1899b01c3936"},
		"val, cut":  {val.Val, "8019589f4403dc1901aa0f4deeb0644c10959f99cc3daf8757b48d3c4274dbe1"},
	} {
		if got := rowsDigest(c.set); got != c.want {
			t.Errorf("%s: rows %s, want %s", name, got, c.want)
		}
	}
}

func TestRealTables(t *testing.T) {
	for _, c := range []struct {
		file    string
		seed    uint64
		classes []string
		train   string
		test    string
	}{
		{"mammography/mammography.csv", 0, []string{"-1", "1"},
			"5bae22b64784ce561b38d4d8fc93f575f9317120161beb4203bd340e64059816", "1a85a3367326cf66f0d28f220d40bf3ae1204a7cbcecf76aaa7726a1c1827664"},
		{"mammography/mammography.csv", 2, []string{"-1", "1"},
			"4907b767f802d675b04dd3559be6f6a7b563ae0dff8172af15b598f87ae1c410", "09b28a713851961e31d3d201bd54d795a85950f03979eaa47868ec80a2fdd480"},
		{"wine-quality-white/winequality-white.csv", 1, []string{"3", "4", "5", "6", "7", "8", "9"},
			"fc3e356ed6632dec83cc848e07211fc026194e30eb8e76de3f84e0f87c7c7a16", "b2ce8fd20a91a6cef1edd6aa1d3493c62e5962da2721392f6eb2ef699c4b001e"},
	} {
		d := open(t, Spec{Data: "csv:" + dataDir(t, c.file), Label: "-1", Seed: c.seed})
		if !slices.Equal(d.Classes, c.classes) {
			t.Errorf("%s: classes %q", c.file, d.Classes)
		}
		if got := rowsDigest(d.Train); got != c.train {
			t.Errorf("%s, seed %d: training rows %s, want %s", c.file, c.seed, got, c.train)
		}
		if got := rowsDigest(d.Test); got != c.test {
			t.Errorf("%s, seed %d: test rows %s, want %s", c.file, c.seed, got, c.test)
		}
	}
}

// Other tables, by their published counts.
func TestRealDialects(t *testing.T) {
	shuttle := open(t, Spec{Data: "csv:" + dataDir(t, "shuttle/shuttle.trn"), TestData: "csv:" + dataDir(t, "shuttle/shuttle.tst")})
	if want := []int{34108, 37, 132, 6748, 2458, 6, 11}; !slices.Equal(shuttle.Train.Counts(), want) {
		t.Errorf("shuttle: training counts %v, want %v", shuttle.Train.Counts(), want)
	}
	if want := []int{11478, 13, 39, 2155, 809, 4, 2}; !slices.Equal(shuttle.Test.Counts(), want) {
		t.Errorf("shuttle: test counts %v, want %v", shuttle.Test.Counts(), want)
	}
	credit := open(t, Spec{Data: "csv:" + dataDir(t, "credit-default/UCI_Credit_Card.csv.gz"), Label: "default.payment.next.month"})
	if n := credit.Train.Counts()[1] + credit.Test.Counts()[1]; n != 6636 || credit.Features() != 24 {
		t.Errorf("credit-default: %d defaults, %d features", n, credit.Features())
	}
	adult := open(t, Spec{Data: "csv:" + dataDir(t, "adult/adult-train.csv.gz"), TestData: "csv:" + dataDir(t, "adult/adult-test.csv.gz")})
	if want := []int{24720, 7841}; !slices.Equal(adult.Train.Counts(), want) {
		t.Errorf("adult: training counts %v, want %v", adult.Train.Counts(), want)
	}
	if want := []int{12435, 3846}; !slices.Equal(adult.Test.Counts(), want) {
		t.Errorf("adult: test counts %v, want %v", adult.Test.Counts(), want)
	}
	nsl := open(t, Spec{Data: "csv:" + dataDir(t, "nsl-kdd/KDDTrain+_20Percent.txt.gz"), TestData: "csv:" + dataDir(t, "nsl-kdd/KDDTest+.txt.gz"),
		Label: "41", Drop: "42", Target: "normal"})
	if !slices.Equal(nsl.Train.Counts(), []int{13449, 11743}) || !slices.Equal(nsl.Test.Counts(), []int{9711, 12833}) {
		t.Errorf("nsl-kdd: counts %v and %v", nsl.Train.Counts(), nsl.Test.Counts())
	}
	kdd := open(t, Spec{Data: "csv:" + dataDir(t, "kddcup99-10/kddcup.data_10_percent.gz")})
	if n := kdd.Train.Len() + kdd.Test.Len(); n != 494_021 || len(kdd.Classes) != 23 {
		t.Errorf("kddcup99-10: %d rows, %d classes", n, len(kdd.Classes))
	}
	letter := open(t, Spec{Data: dataDir(t, "letter/letter.arff"), Target: "Z"})
	if n := letter.Train.Counts()[0] + letter.Test.Counts()[0]; n != 734 || letter.Features() != 16 {
		t.Errorf("letter: %d of Z, %d features", n, letter.Features())
	}
	sick := open(t, Spec{Data: "arff:" + dataDir(t, "thyroid-sick/sick.arff")})
	if n := sick.Train.Counts()[1] + sick.Test.Counts()[1]; n != 231 || sick.Classes[1] != "sick" {
		t.Errorf("thyroid-sick: %d of %q, features %q, warnings %q", n, sick.Classes[1], sick.Prep.Values(), sick.Warnings)
	}
}
