package dataset

import (
	"fmt"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,again,late,code,x,class\n")
	for i := range 200 {
		class := i % 5 / 4
		code := fmt.Sprint("c", 2*(i%3)+class) // tells the class
		fmt.Fprintf(&b, "%d,%d,%g,%s,%d,%c\n", 1000+i, i%10, float64(class)+float64(i%7)/10, code, i*i%1009, 'a'+class)
	}
	path := "csv:" + write(t, "f.csv", []byte(b.String()))
	all := strings.Join(open(t, Spec{Data: path}).Warnings, "\n")
	for _, want := range []string{`("id") numbers the rows`, `("late") alone tells the class`, `("code") alone tells the class`} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning with %q in:\n%s", want, all)
		}
	}
	if n := strings.Count(all, "\n") + 1; n != 3 {
		t.Errorf("%d warnings:\n%s", n, all)
	}
	few := open(t, Spec{Data: path, Drop: "id,late,code,x"}).Warnings
	if len(few) != 1 || !strings.Contains(few[0], "40 of 40 test rows (100.0 %)") {
		t.Errorf("warnings %q, want one about repeated rows", few)
	}
	if none := open(t, Spec{Data: path, Drop: "id,late,code"}).Warnings; len(none) > 0 {
		t.Errorf("warnings %q, want none", none)
	}
}
