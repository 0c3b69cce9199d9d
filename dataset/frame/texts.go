package frame

import "fmt"

// Texts returns the cells of some columns as they are written, without quotes:
// a slice for each column, with a text for each row that Parse makes of the same
// content.
func (d Dialect) Texts(path string, content []byte, columns []int) ([][]string, error) {
	all := make([][]string, len(columns))
	r := d.records(content)
	for {
		record, line, ok := r.next()
		switch {
		case !ok:
			return all, nil
		case d.Comment != 0 && record[0] == d.Comment:
			continue
		case len(record) > maxRecord:
			return nil, fmt.Errorf("%s:%d: %w", path, line, errLong)
		}
		row, err := cells(record, d.Separator)
		for k, at := range columns {
			if err == nil && at >= len(row) {
				err = fmt.Errorf("expected %d columns, found %d", len(d.Kinds), len(row))
			}
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, line, err)
			}
			all[k] = append(all[k], row[at])
		}
	}
}
