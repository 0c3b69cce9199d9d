package frame

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SniffARFF reads the head of an ARFF file (Weka's attribute-relation format):
// its attributes are the columns. Numeric ones hold numbers, all others texts;
// "?" is a missing cell. The rows after @data are read as those of any text,
// lines that begin with % are passed over. Of a sparse row, {INDEX VALUE, ...} with
// indices from 0 on, what is left out is 0, or the first of the values that a
// nominal attribute lists; a string is missing.
func SniffARFF(path string, content []byte) (Dialect, error) {
	d := Dialect{Separator: ',', Missing: []string{"?"}, EOL: '\n', Comment: '%'}
	if bytes.IndexByte(content, '\n') < 0 {
		d.EOL = '\r'
	}
	r := newRecords(content, 0, 1, ' ', d.EOL)
	r.quotes = false // a quote in a comment opens nothing
	for {
		record, line, ok := r.next()
		if !ok {
			return d, fmt.Errorf("%s: expected an ARFF file with @attribute lines and @data, found no @data", path)
		}
		record = bytes.TrimSpace(bytes.TrimPrefix(record, []byte("\ufeff")))
		if len(record) == 0 || record[0] == '%' { // blanks beyond ASCII are no empty line to the records
			continue
		}
		word, rest, _ := strings.Cut(strings.ReplaceAll(string(record), "\t", " "), " ")
		switch strings.ToLower(word) {
		case "@relation":
		case "@attribute":
			name, kind, left, err := attribute(strings.TrimSpace(rest))
			if err != nil {
				return d, fmt.Errorf("%s:%d: %w", path, line, err)
			}
			d.Names, d.Kinds = append(d.Names, name), append(d.Kinds, kind)
			d.Defaults = append(d.Defaults, left)
		case "@data":
			d.Body, d.Line = r.at, r.line
			if len(d.Names) < 2 {
				return d, fmt.Errorf("%s:%d: expected at least 2 attributes before @data, found %d", path, line, len(d.Names))
			}
			return d, nil
		default:
			return d, fmt.Errorf("%s:%d: expected @attribute or @data of an ARFF file, found %s", path, line, quote(record))
		}
	}
}

// attribute reads what stands behind @attribute: a name, in quotes if it has
// blanks, and a type. left is what a sparse row means that leaves it out.
func attribute(text string) (name string, kind Kind, left string, err error) {
	rest := ""
	if q := text[:min(1, len(text))]; q == "'" || q == `"` {
		end := strings.Index(text[1:], q)
		if end < 0 {
			return "", 0, "", fmt.Errorf("%w: %s", errOpen, quote([]byte(text)))
		}
		name, rest = text[1:1+end], text[2+end:]
	} else if at := strings.IndexAny(text, " {"); at > 0 {
		name, rest = text[:at], text[at:]
	}
	of := strings.ToLower(strings.TrimSpace(rest))
	switch {
	case name == "" || !utf8.ValidString(name):
		return "", 0, "", fmt.Errorf("expected the name of an attribute in UTF-8 and its type, found %s", quote([]byte(text)))
	case of == "numeric" || of == "real" || of == "integer":
		return name, Number, "0", nil
	case strings.HasPrefix(of, "{"):
		values := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "{"), "}")
		first, _, _ := cell([]byte(values), ',') // an odd list matters to sparse rows alone: there it is missing
		return name, Text, string(first), nil
	case of == "string" || strings.HasPrefix(of, "date"):
		return name, Text, "", nil
	}
	return "", 0, "", fmt.Errorf("attribute %q: expected the type numeric, real, integer, string, date or {value,...}, found %s", name, quote([]byte(of)))
}
