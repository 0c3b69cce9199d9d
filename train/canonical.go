package train

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
)

// elsewhere are the keys of [Config] that say where a run finds its data, which
// may differ from node to node.
var elsewhere = []string{"test-data"}

// Canonical returns the configuration as sorted key=value lines, one for each
// setting by its key: the text that nodes compare before they train together.
// Where the data lies is left out, what it is stays; its content has a
// fingerprint of its own.
func (c Config) Canonical() string {
	fields := reflect.ValueOf(c)
	var lines []string
	for i := range fields.NumField() {
		key, value := fields.Type().Field(i).Tag.Get("koanf"), fields.Field(i).Interface()
		switch key {
		case "data":
			value = dataset.SourceName(c.Data)
		case "data-seed":
			value = c.spec().Seed
		}
		if !slices.Contains(elsewhere, key) {
			lines = append(lines, fmt.Sprintf("%s=%v\n", key, value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
