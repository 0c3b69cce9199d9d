package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/metrics"
)

// sheet is where a command writes rows with named columns, and in which form.
type sheet struct{ path, format string }

func (s *sheet) addFlags(f *pflag.FlagSet) {
	f.StringVar(&s.path, "output", "", "`FILE` to write (default: standard output)")
	f.StringVar(&s.format, "format", "csv", "`FORM` of a row: csv, or jsonl: an object in each line, by the names of the columns")
}

// write has fill write to the file or to standard output. A file is written
// whole or not at all.
func (s *sheet) write(p *cli.Program, fill func(*rows) error) error {
	if s.format != "csv" && s.format != "jsonl" {
		return cli.Usagef("--format %s: want csv or jsonl", s.format)
	}
	if s.path == "" {
		return s.fill(p.Stdout, fill)
	}
	file, err := os.Create(s.path)
	if err != nil {
		return cli.Usagef("--output: %w", err)
	}
	if err = errors.Join(s.fill(file, fill), file.Close()); err != nil {
		_ = os.Remove(s.path) // half a file is worse than none
	}
	return err
}

func (s *sheet) fill(w io.Writer, fill func(*rows) error) error {
	r := &rows{w: bufio.NewWriter(w)}
	if s.format == "csv" {
		r.csv = csv.NewWriter(r.w)
	}
	if err := fill(r); err != nil {
		return err
	}
	if r.csv != nil {
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return r.w.Flush()
}

// rows takes the rows of a sheet.
type rows struct {
	w    *bufio.Writer
	csv  *csv.Writer // nil: lines of JSON
	head []string
}

// begin names the columns.
func (r *rows) begin(head ...string) error {
	r.head = head
	if r.csv != nil {
		return r.csv.Write(head)
	}
	return nil
}

// add writes a row: a string, int, bool or float64 for each column, or nil for
// nothing. A number that is not finite is nothing, too.
func (r *rows) add(values ...any) error {
	if r.csv == nil {
		return r.object(values)
	}
	line := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case float64:
			if v-v == 0 {
				line[i] = strconv.FormatFloat(v, 'g', 6, 64)
			}
		default:
			line[i] = fmt.Sprint(v)
		}
	}
	return r.csv.Write(line)
}

// object writes a row as an object, with its columns in their order.
func (r *rows) object(values []any) error {
	var b bytes.Buffer
	for i, v := range values {
		if x, ok := v.(float64); ok {
			v = metrics.Num(x)
		}
		name, err := json.Marshal(r.head[i])
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.WriteByte("{,"[min(i, 1)])
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteString("}\n")
	_, err := r.w.Write(b.Bytes())
	return err
}
