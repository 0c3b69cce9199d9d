package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What a weighter may work by: the classes, the groups of Config.GroupBy, or each
// class of each group.
const (
	ByClass = "class"
	ByGroup = "group"
	ByBoth  = "both"
)

// IsOneOf returns the check of an option that is one of some words.
func IsOneOf(words ...string) func(value string) error {
	return func(value string) error {
		if !slices.Contains(words, value) {
			return fmt.Errorf("want one of %s", strings.Join(words, ", "))
		}
		return nil
	}
}

// by says what the method's weighter works by.
func (m Method) by(c Config) string {
	if w := words[m.Weighter]; w.Groups != nil {
		return w.Groups(c, m.own(w))
	}
	return ByClass
}

// checkGroups refuses a method that works by groups that there are not.
func (c Config) checkGroups(m Method) error {
	if by := m.by(c); by != ByClass && c.GroupBy == "" {
		return errors.New(m.String() + ": --group-by is missing, the column of the groups")
	}
	return nil
}

// grouping is the training rows by what a weighter works by. Only groups with
// training rows have a number.
type grouping struct {
	of   []int32 // by row number, as Set.ID gives it
	rows []int   // of each group
}

// groupRows numbers the groups of the training rows, in the order of the groups'
// names and then of the classes; nil if the weighter works by class.
func (j *job) groupRows(by string) *grouping {
	if by == ByClass {
		return nil
	}
	set, classes := j.data.Train, len(j.data.Classes)
	key := func(i int) int {
		k := int(j.data.GroupOf(set.ID(i)))
		if by == ByBoth {
			k = k*classes + int(set.Label(i))
		}
		return k
	}
	rows := make([]int, len(j.data.GroupNames())*classes)
	last := 0
	for i := range set.Len() {
		rows[key(i)]++
		last = max(last, set.ID(i))
	}
	number := make([]int32, len(rows))
	g := &grouping{of: make([]int32, last+1)}
	for k, n := range rows {
		if n > 0 {
			number[k] = int32(len(g.rows))
			g.rows = append(g.rows, n)
		}
	}
	for i := range set.Len() {
		g.of[set.ID(i)] = number[key(i)]
	}
	return g
}

// pick appends the groups of rows to dst.
func (g *grouping) pick(dst, ids []int32) []int32 {
	for _, id := range ids {
		dst = append(dst, g.of[id])
	}
	return dst
}
