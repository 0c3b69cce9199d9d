package ballast

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestThirdParty wants THIRD_PARTY.md to list what the programs link, in the
// versions that they link, and nothing else.
func TestThirdParty(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} | {{.Version}}{{end}}{{end}}", "./cmd/...")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0") // of which releases are; others link a little less or more
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	linked := strings.Fields(strings.ReplaceAll(string(out), " | ", "|"))
	text, err := os.ReadFile("THIRD_PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) == 5 && strings.Contains(cells[1], ".") {
			listed = append(listed, strings.TrimSpace(cells[1])+"|"+strings.TrimSpace(cells[2]))
		}
	}
	for _, m := range linked {
		if !slices.Contains(listed, m) {
			t.Errorf("%s is linked, and THIRD_PARTY.md does not list it", m)
		}
	}
	for _, m := range listed {
		if !slices.Contains(linked, m) {
			t.Errorf("THIRD_PARTY.md lists %s, which is not linked", m)
		}
	}
}
