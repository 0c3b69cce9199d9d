package page

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/plot"
)

//go:embed page.html
var text string

var page = template.Must(template.New("page").Parse(text))

// section is a part of the page under one heading.
type section struct {
	Title  string
	Blocks []block
}

// block is a picture, a table with its caption, or a paragraph.
type block struct {
	Picture template.HTML
	Text    string
	Head    []any // of text, or of pictures
	Rows    [][]any
	Words   bool // the cells are words: set to the left
}

func paragraph(text string) block { return block{Text: text} }

// table makes a block of cells whose first row are the heads.
func table(caption string, cells [][]string, words bool) block {
	b := block{Text: caption, Words: words}
	for i, row := range cells {
		var list []any
		for _, cell := range row {
			list = append(list, cell)
		}
		if i == 0 {
			b.Head = list
		} else {
			b.Rows = append(b.Rows, list)
		}
	}
	return b
}

// picture makes a block of a drawing, or none of nil.
func picture(c *plot.Canvas, label string) []block {
	if c == nil {
		return nil
	}
	return []block{{Picture: template.HTML(c.Inline(label))}}
}

// Write writes the page of some runs.
func Write(w io.Writer, runs []*Run) error {
	entitle(runs)
	title := "Runs compared"
	if len(runs) == 1 {
		title = "Run " + filepath.Base(runs[0].Dir)
	}
	var sections []section
	for _, s := range []section{
		overview(runs), figures(runs), classes(runs), weights(runs), progress(runs),
		confusions(runs), groups(runs), costs(runs), given(runs), all(runs), colophon(runs),
	} {
		if len(s.Blocks) > 0 {
			sections = append(sections, s)
		}
	}
	var b bytes.Buffer
	if err := page.Execute(&b, struct {
		Title    string
		Sections []section
	}{title, sections}); err != nil {
		return err
	}
	_, err := w.Write(bytes.Map(legal, b.Bytes()))
	return err
}

// legal replaces what XML does not allow even escaped: names come from files.
func legal(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000:
		return r
	}
	return utf8.RuneError
}

// entitle names the runs: one by its method, as its table in the terminal is
// headed, several by their directories.
func entitle(runs []*Run) {
	for _, r := range runs {
		r.title = filepath.Base(r.Dir)
		if len(runs) == 1 && r.Summary != nil {
			r.title = r.Summary.Method
		}
		if slices.ContainsFunc(runs, func(o *Run) bool { return o != r && filepath.Base(o.Dir) == filepath.Base(r.Dir) }) {
			r.title = r.Dir
		}
	}
}

// paint is that of the i-th run, in all pictures.
func paint(i int) plot.Paint { return plot.Series(i) }

// ended are the runs that have a summary, as package report wants them.
func ended(runs []*Run) (list []report.Run) {
	for _, r := range runs {
		if r.Summary != nil {
			list = append(list, report.Run{Title: r.title, Summary: *r.Summary})
		}
	}
	return list
}

// about heads what is said of one of several runs.
func about(runs []*Run, r *Run, what string) string {
	if len(runs) == 1 {
		return what
	}
	return r.title + ": " + what
}
