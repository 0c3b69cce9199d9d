package train

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// Role is a word's place in a method.
type Role string

// The roles. A method has at most one word of each.
const (
	RoleWeighter Role = "weighter"
	RoleLoss     Role = "base loss"
	// RoleClasses is class weights: a weighter alone, and a factor of the loss
	// before any other weighter.
	RoleClasses Role = "class weighting"
	// RoleSampling is how often rows are drawn.
	RoleSampling Role = "sampling"
)

func (r Role) plural() string {
	if r == RoleLoss {
		return "base losses"
	}
	return string(r) + "s"
}

// Word is one word of --method. A method is one file that registers its word:
// the command line, comparisons and searches learn of it from here.
//
//	var _ = register(Word{Name: "gce", Role: RoleLoss, ...})
type Word struct {
	Name string
	Role Role
	// Note says in one line what it does, for people who choose.
	Note string
	// Options are what its brackets take.
	Options []Option
	// Loss makes the base loss, for the role of one. p has the options without
	// a flag.
	Loss func(in Ingredients, p Params) (model.Loss, error)
	// Cosine returns the scale of the cosine classifier that the loss is for; nil:
	// it is for any.
	Cosine func(p Params) float64
	// Sampling returns how often rows of each class are drawn, relative to each
	// other, and the fraction of the run from which on, for the role of that.
	Sampling func(in Ingredients, p Params) (shares []float64, from float64, err error)
	// Weighter makes the weighter, for the other roles.
	Weighter func(in Ingredients, p Params) (optimizer.Weighter, error)
	// Groups says what the weighter works by: ByClass, ByGroup or ByBoth; nil is
	// by class, or not at all.
	Groups func(c Config, p Params) string
	// Counts says that it needs the number of training rows of each class, or their
	// mass: it is refused where these are not known.
	Counts bool
	// Scales says that Weighter itself multiplies the losses by class weights
	// where it is told to; those of other words are wrapped.
	Scales bool
	// Strength says how much of the class frequencies the word takes out of the
	// scores: a model with strength s scores for class frequencies π^(1-s), so
	// that s·log π is what turns its scores to those of the training rows. nil
	// is nothing.
	Strength func(in Ingredients, p Params) float64
}

// Option is one thing that a word's brackets take.
type Option struct {
	// Name is what is written in the brackets.
	Name string
	// Flag is the setting whose place it takes; empty: it has none, and the
	// value is part of the method's name.
	Flag string
	// Default is the value of an option without a flag.
	Default string
	// Check refuses what is not a value of it; nil for options with a flag,
	// whose settings are checked.
	Check func(value string) error
	// Try are values that a search is to try, the usual one among them.
	Try []string
}

// Ingredients are what words are made with: the settings, the training rows of
// each class and the sum of their weights, and whether class weights multiply the
// loss first. What a class's frequency is asks for the Mass; how well few rows
// teach, for the Counts.
type Ingredients struct {
	Config   Config
	Counts   []int
	Mass     []float64
	Balanced bool
	// Groups are the training rows of each group that the weighter works by; nil:
	// it works by class.
	Groups []int
}

// Params are the values of a word's own options, by name.
type Params map[string]string

// Float returns the value of an option that [IsNumber] has checked.
func (p Params) Float(name string) float64 {
	x, err := strconv.ParseFloat(p[name], 64)
	if err != nil {
		panic("train: option " + name + " was not checked: " + err.Error())
	}
	return x
}

// IsNumber returns the check of an option that is a number from lo to hi, both
// included.
func IsNumber(lo, hi float64) func(value string) error {
	return func(value string) error {
		if x, err := strconv.ParseFloat(value, 64); err != nil || !(lo <= x && x <= hi) {
			return fmt.Errorf("want a number from %g to %g", lo, hi)
		}
		return nil
	}
}

// words are the registered ones.
var words = map[string]*Word{}

// register adds a word. It panics on one that cannot be: that is a mistake in
// its file.
func register(w Word) struct{} {
	switch {
	case words[w.Name] != nil:
		panic("train: the word " + w.Name + " is registered twice")
	case w.Name == "" || w.Name == "ce" || strings.ContainsAny(w.Name, "+[],= "):
		panic("train: " + strconv.Quote(w.Name) + " cannot be a word")
	case (w.Role == RoleLoss) != (w.Loss != nil) || (w.Role == RoleSampling) != (w.Sampling != nil) ||
		(w.Weighter != nil) != (w.Role == RoleWeighter || w.Role == RoleClasses):
		panic("train: the word " + w.Name + " does not make what its role says")
	}
	for _, o := range w.Options {
		if o.Flag == "" && (o.Check == nil || o.Check(o.Default) != nil) {
			panic("train: option " + o.Name + " of " + w.Name + " has no check, or a default that it refuses")
		}
	}
	words[w.Name] = &w
	return struct{}{}
}

// Words returns the words of --method, sorted by role, then name: weighters,
// class weightings, samplings, base losses.
func Words() []Word {
	var list []Word
	for _, role := range []Role{RoleWeighter, RoleClasses, RoleSampling, RoleLoss} {
		for _, name := range wordNames() {
			if words[name].Role == role {
				list = append(list, *words[name])
			}
		}
	}
	return list
}

func wordNames() []string { return slices.Sorted(maps.Keys(words)) }

func (w *Word) option(name string) *Option {
	for i := range w.Options {
		if w.Options[i].Name == name {
			return &w.Options[i]
		}
	}
	return nil
}

func (w *Word) optionNames() string {
	var names []string
	for _, o := range w.Options {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// parts returns the words that a method is made of, but for ce.
func (m Method) parts() []*Word {
	list := []*Word{words[m.Weighter]}
	if m.Loss != "ce" {
		list = append(list, words[m.Loss])
	}
	if m.CB {
		list = append(list, words["cb"])
	}
	if m.Sampling != "" {
		list = append(list, words[m.Sampling])
	}
	return list
}

// build makes the base loss and the weighter.
func (m Method) build(in Ingredients) (model.Loss, optimizer.Weighter, error) {
	in.Balanced = m.CB
	var loss model.Loss = model.CrossEntropy{}
	var err error
	if m.Loss != "ce" {
		w := words[m.Loss]
		loss, err = w.Loss(in, m.own(w))
	}
	w := words[m.Weighter]
	weighter, failed := w.Weighter(in, m.own(w))
	if m.CB && !w.Scales && failed == nil {
		weighter, failed = scaleByClasses(weighter, in)
	}
	return loss, weighter, errors.Join(err, failed)
}

// scaleByClasses returns w on losses multiplied by class-balanced weights.
func scaleByClasses(w optimizer.Weighter, in Ingredients) (optimizer.Weighter, error) {
	weights, err := optimizer.ClassWeights(in.Counts, in.Config.CBBeta)
	if err != nil {
		return nil, err
	}
	scaled, err := optimizer.NewScaled(w, weights, in.Config.CBFrom)
	if err != nil {
		return nil, err
	}
	return scaled, nil
}

// cosine returns the scale of the cosine classifier that the base loss is for,
// or 0.
func (m Method) cosine() float64 {
	for _, w := range m.parts() {
		if w.Cosine != nil {
			return w.Cosine(m.own(w))
		}
	}
	return 0
}

// strength returns how much of the class frequencies the method takes out of
// the scores.
func (m Method) strength(in Ingredients) float64 {
	var sum float64
	for _, w := range m.parts() {
		if w.Strength != nil {
			sum += w.Strength(in, m.own(w))
		}
	}
	return sum
}

// joinAnd joins names for a sentence: "a, b and c".
func joinAnd(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
