package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// classify finds the classes, and the class of every row.
func (t *table) classify(r *raw, s *Spec) error {
	if s.Unlabelled {
		r.classes, r.labels = s.Prep.Classes, make([]int32, t.frame.Rows)
		return s.Prep.check(r.path, Table, nil)
	}
	c := &t.frame.Columns[t.label]
	if c.Many {
		return fmt.Errorf("%s: %s: more than %d different labels; expected the column of a class", r.path, t.frame.Describe(t.label), frame.MaxTexts)
	}
	target, err := splitList(s.Target)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	whose := "the training rows"
	switch {
	case s.Prep != nil:
		if err := s.Prep.check(r.path, Table, nil); err != nil {
			return err
		}
		r.classes, target, whose = s.Prep.Classes, s.Prep.Target, "the stored model"
	case target != nil:
		r.classes = []string{strings.Join(target, " or "), "other"}
	case s.Classes != "":
		if r.classes, err = namedClasses(s.Classes); err != nil {
			return err
		}
		whose = "--classes"
	default:
		if r.classes, err = t.fitClasses(r.train); err != nil {
			return err
		}
	}
	of := t.classOf(r.classes, target)
	r.target = target
	r.labels = make([]int32, t.frame.Rows)
	for row := range r.labels {
		x := t.frame.Row(row)[t.label]
		if math.IsNaN(x) {
			return fmt.Errorf("%s: %s: expected a label, the cell is empty or stands for a missing value", t.place(int32(row)), t.frame.Describe(t.label))
		}
		if r.labels[row] = of[int(x)]; of[int(x)] < 0 {
			return fmt.Errorf("%s: %s: label %q is none of the classes of %s: %s",
				t.place(int32(row)), t.frame.Describe(t.label), c.Texts[int(x)], whose, frame.Listed(r.classes))
		}
	}
	if target != nil && s.Prep == nil {
		if n := count(r.labels[:r.train], 2); n[0] == 0 || n[1] == 0 {
			return fmt.Errorf("%s: target %s: %d rows have one of these labels and %d another; the labels are: %s",
				r.path, s.Target, n[0], n[1], frame.Listed(c.Texts))
		}
	}
	return nil
}

// classOf returns the class of each label text; -1 for none.
func (t *table) classOf(classes, target []string) []int32 {
	texts := t.frame.Columns[t.label].Texts
	of := make([]int32, len(texts))
	if target != nil {
		wanted := indexClasses(target)
		for i, text := range texts {
			if _, ok := wanted.of(text); !ok {
				of[i] = 1
			}
		}
		return of
	}
	index := indexClasses(classes)
	for i, text := range texts {
		var ok bool
		if of[i], ok = index.of(text); !ok {
			of[i] = -1
		}
	}
	return of
}

// fitClasses returns the classes that the labels of the training rows define.
func (t *table) fitClasses(train int) ([]string, error) {
	c := &t.frame.Columns[t.label]
	seen := make([]bool, len(c.Texts))
	var texts []string
	for row := range train {
		if x := t.frame.Row(row)[t.label]; !math.IsNaN(x) && !seen[int(x)] {
			seen[int(x)] = true
			texts = append(texts, c.Texts[int(x)])
		}
	}
	classes := classesOf(texts)
	where := t.frame.Describe(t.label)
	switch n := len(classes); {
	case n == 0:
		return nil, fmt.Errorf("%s: %s: no row has a label", t.frame.Path, where)
	case n == 1:
		return nil, fmt.Errorf("%s: %s holds one class only (%q); expected the label column, with at least 2 classes",
			t.frame.Path, where, classes[0])
	case n > 50 && 2*n > train:
		return nil, fmt.Errorf("%s: %s has %d different values in %d rows; expected the column of a class",
			t.frame.Path, where, n, train)
	}
	return classes, nil
}

// namedClasses returns the classes of a list that a flag gives.
func namedClasses(list string) ([]string, error) {
	texts, err := splitList(list)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	classes := classesOf(texts)
	if n := len(slices.Compact(slices.Clone(classes))); n < len(texts) || n < 2 {
		return nil, fmt.Errorf("--classes %s: expected at least 2 labels, each once", list)
	}
	return classes, nil
}
