package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/ballast-ml/ballast/train"
)

// Importances prints what a figure loses by each column.
func Importances(w io.Writer, v *train.Importances) {
	fmt.Fprintf(w, "%s %s on %d test rows; what it loses if a column is shuffled, %d times\n\n",
		strings.ReplaceAll(v.Figure, "_", " "), number(4, float64(v.Value)), v.Rows, v.Repeats)
	t := &table{}
	t.row("column", "drop", "deviation", "95 % interval")
	for _, c := range v.Columns {
		t.row(shorten(c.Column), number(4, float64(c.Drop)), number(4, float64(c.Deviation)), interval(c.Interval))
	}
	t.print(w)
}
