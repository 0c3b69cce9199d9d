package cluster

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var someone = Identity{Version: "v1", Contract: "c1", Run: "mnist", Config: "batch=128\nlr=0.05\nseed=1\n", Data: "d1"}

func TestCompareNamesTheFirstDifference(t *testing.T) {
	for _, c := range []struct {
		change func(*Identity)
		want   difference
	}{
		{func(i *Identity) {}, difference{}},
		{func(i *Identity) { i.Run = "cifar" }, difference{FieldRun, "mnist", "cifar"}},
		{func(i *Identity) { i.Version = "v2" }, difference{FieldVersion, "v1", "v2"}},
		{func(i *Identity) { i.Contract = "c2" }, difference{FieldContract, "c1", "c2"}},
		{func(i *Identity) { i.Data = "d2" }, difference{FieldData, "d1", "d2"}},
		{func(i *Identity) { i.Config = "batch=256\nlr=0.05\nseed=1\n" }, difference{FieldConfig, "batch=128", "batch=256"}},
		{func(i *Identity) { i.Run, i.Version, i.Data = "x", "y", "z" }, difference{FieldRun, "mnist", "x"}},
		{func(i *Identity) { i.Version, i.Data = "y", "z" }, difference{FieldVersion, "v1", "y"}},
	} {
		other := someone
		c.change(&other)
		got, differs := compare(someone, other)
		if differs != (c.want != difference{}) || got != c.want {
			t.Errorf("%+v: got %+v, want %+v", other, got, c.want)
		}
		back, _ := compare(other, someone)
		if back.swap() != got {
			t.Errorf("the other side sees %+v", back)
		}
	}
}

func TestDifferingKeys(t *testing.T) {
	for _, c := range []struct{ a, b, left, right string }{
		{"k=1", "k=2", "k=1", "k=2"},
		{"k=1\nl=2", "l=3\nk=1", "l=2", "l=3"},
		{"k=1", "", "k=1", "k (absent)"},
		{"k=", "", "k=", "k (absent)"},
		{"a=1\nb=1", "b=2\nc=3", "a=1 b=1 c (absent)", "a (absent) b=2 c=3"},
		{"k=a=b", "k=a=c", "k=a=b", "k=a=c"},
		{"k=1\n", "k=1", "(the same settings, written differently)", "(the same settings, written differently)"},
	} {
		l, r := differingKeys(c.a, c.b)
		if l != c.left || r != c.right {
			t.Errorf("%q and %q: got %q and %q", c.a, c.b, l, r)
		}
	}
	var a, b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&a, "k%02d=1\n", i)
		fmt.Fprintf(&b, "k%02d=%s\n", i, strings.Repeat("x", 10000))
	}
	if l, r := differingKeys(a.String(), b.String()); !strings.HasSuffix(l, " k07=1 ...") || len(r) > 2000 {
		t.Errorf("fifty differences give %q and %d bytes", l, len(r))
	}
}

func TestRefusalsNameTheFieldAndWhatToDo(t *testing.T) {
	peer := Member{Name: "n0#aaaaaaaa", Addr: "10.0.0.1:7946"}
	for _, c := range []struct {
		d    difference
		want string
	}{
		{difference{FieldRun, "a", "b"}, `belongs to another run ("a" here, "b" there)`},
		{difference{FieldSecret, "one", "another"}, `holds another secret (one here, another there)`},
		{difference{FieldSecret, "none", "one"}, `holds another secret (none here, one there)`},
		{difference{FieldVersion, "v1", "v2"}, `runs another version ("v1" here, "v2" there)`},
		{difference{FieldContract, "1", "2"}, `computes by another numeric contract ("1" here, "2" there)`},
		{difference{FieldConfig, "lr=1", "lr=2"}, `has another config: here lr=1, there lr=2`},
		{difference{FieldShards, "8", "4"}, `another number of shards ("8" here, "4" there)`},
		{difference{FieldGroups, "0", "4"}, `another number of groups ("0" here, "4" there)`},
		{difference{FieldData, "d1", "d2"}, `reads other data: fingerprint d1 here, d2 there`},
		{difference{"mood", "good", "bad"}, `differs in mood ("good" here, "bad" there)`},
	} {
		err := error(refused(peer, c.d))
		msg := err.Error()
		if !strings.HasPrefix(msg, "cluster: node n0#aaaaaaaa (10.0.0.1:7946) ") || !strings.Contains(msg, c.want) {
			t.Errorf("%+v: %s", c.d, msg)
		}
		var r *RefusedError
		if !errors.As(err, &r) {
			t.Fatal("not a *RefusedError")
		}
		if d := cmp.Diff(&RefusedError{"n0#aaaaaaaa (10.0.0.1:7946)", c.d.Field, c.d.Ours, c.d.Theirs}, r); d != "" {
			t.Error(d)
		}
	}
}
