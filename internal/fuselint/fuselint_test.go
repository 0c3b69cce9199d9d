package fuselint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/fuselint"
)

func TestRule(t *testing.T) {
	tests := []struct {
		name, src string
		want      string // the products found, joined by "; "
	}{
		{"sum", "return x*y + z", "x * y"},
		{"difference", "return z - x*y", "x * y"},
		{"both sides", "return x*y + y*z", "x * y; y * z"},
		{"parenthesis and sign", "return z + (-(x * y))", "x * y"},
		{"add-assign", "z += x * y; return z", "x * y"},
		{"subtract-assign", "z -= x * y; return z", "x * y"},
		{"float32", "return float64(a*b + a)", "a * b"},
		{"variable", "t := x * y; return t + z", "x * y"},
		{"declared variable", "var t = x * y; return t - z", "x * y"},
		{"assigned variable", "t := z; t = x * y; return -t + z", "x * y"},
		{"element", "p[0] = x * y; p[0] += z; return 0", "x * y"},
		{"multiply-assign", "z *= x; return z + y", "z *= x"},
		{"only the last factor counts", "return x*y*z + x", "x * y * z"},
		{"converted operand", "return float64(x) * y", "float64(x) * y"},
		{"returned", "return x * y", "x * y"},
		{"argument", "return f(x * y)", "x * y"},
		{"composite", "return [1]float64{x * y}[0]", "x * y"},
		{"func literal", "g := func() float64 { return x*y + z }; return g()", "x * y"},

		{"converted", "return float64(x*y) + z", ""},
		{"converted variable", "t := float64(x * y); return t + z", ""},
		{"converted factor of a factor", "return float64(x*y*z) + z", ""},
		{"quotient", "return x*y/z + x", ""},
		{"comparison", "if x*y > z { return x }; return y", ""},
		{"scaled in place", "p[0] = x * y; return 0", ""},
		{"multiply-assign alone", "z *= x; return z", ""},
		{"power of two", "return 2*x + y*0.25", ""},
		{"integers", "return float64(i*i + i)", ""},
		{"constants", "const c = 3.0 * 5.5; return c + 3.0*1.5 + x", ""},
		{"package math", "return math.Sqrt(x*y) + z", ""},
		{"interface argument", "show(x * y); return 0", ""},
		{"built-in", "return max(x*y, z)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			imports := ""
			if strings.Contains(tt.src, "math.") {
				imports = "import \"math\"\n"
			}
			src := "package p\n" + imports +
				"func show(any) {}\n" +
				"func f(x float64) float64 { return x }\n" +
				"func g(x, y, z float64, a, b float32, p []float64, i int) float64 { " + tt.src + " }\n"
			found, err := fuselint.CheckSource("p.go", src)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.Expr)
			}
			if g := strings.Join(got, "; "); g != tt.want {
				t.Errorf("found %q, want %q", g, tt.want)
			}
		})
	}
}

func TestGeneric(t *testing.T) {
	for constraint, want := range map[string]int{"~float32 | ~float64": 1, "float64": 1, "~int | ~int64": 0} {
		found, err := fuselint.CheckSource("p.go", "package p\nfunc g[T "+constraint+"](x, y, z T) T { return x*y + z }\n")
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != want {
			t.Errorf("%s: %d findings, want %d: %v", constraint, len(found), want, found)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := fuselint.CheckSource("p.go", "package p\nfunc ("); err == nil {
		t.Error("a syntax error passed")
	}
	if _, err := fuselint.CheckSource("p.go", "package p\nvar x int = 1.5"); err == nil {
		t.Error("a type error passed")
	}
	if _, err := fuselint.Check(t.Context(), ".", "./missing"); err == nil {
		t.Error("a missing package passed")
	}
}

// TestPackages holds the packages of the bottom floor to the rule; they import
// nothing heavy, so it is quick.
func TestPackages(t *testing.T) {
	found, err := fuselint.Check(t.Context(), "..", "./detmath", "./logsum", "./fuselint")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

func Example() {
	found, err := fuselint.CheckSource("sum.go", `package sum

func Axpy(y, x []float32, a float32) {
	for i := range x {
		y[i] += a * x[i]
	}
}
`)
	fmt.Println(found, err)
	// Output:
	// [sum.go:5:11: a * x[i] is an operand of += without a conversion around the product] <nil>
}
