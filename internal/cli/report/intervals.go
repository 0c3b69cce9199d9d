package report

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/train"
)

// figureNames are the figures of the table by the titles of their rows.
var figureNames = map[string]string{
	"accuracy": "accuracy", "balanced accuracy": "balanced_accuracy", "worst-class recall": "worst_class_recall",
	"macro-F1": "macro_f1", "AUROC": "auroc", "average precision": "auprc", "calibration error": "ece", "calibration error, corrected": "corrected_ece", "log-loss, corrected": "corrected_log_loss",
	"log-loss": "log_loss", "cost": "cost",
	"worst group": "worst_group", "group spread": "group_spread",
	"many-shot": "many_shot", "medium-shot": "medium_shot", "few-shot": "few_shot",
}

// addIntervals adds a column with the bootstrap interval of each row that has
// one.
func (t *table) addIntervals(m train.Metrics) {
	t.rows[0] = append(t.rows[0], "95 % interval")
	for i, row := range t.rows[1:] {
		name, ok := figureNames[row[0]]
		if !ok {
			name = row[0] // asked for by its name
		}
		if v, ok := m.Intervals[name]; ok {
			t.rows[i+1] = append(row, interval(v))
		}
	}
}

func interval(v metrics.Interval) string {
	return fmt.Sprintf("%s to %s", number(4, float64(v.Low)), number(4, float64(v.High)))
}
