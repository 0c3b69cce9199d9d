package screen

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ballast-ml/ballast/train"
)

// progress is what there is to say about a step.
type progress struct {
	train.StepDone
	title string
	rate  float64       // samples/s; 0: not known yet
	eta   time.Duration // negative: not known yet
}

// plain returns the step as key=value words.
func (p progress) plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "method=%s epoch=%d/%d step=%s loss=%.4f", word(p.title), p.Epoch, p.Epochs, p.step(), p.Loss)
	if p.rate > 0 {
		fmt.Fprintf(&b, " samples_per_second=%.0f", p.rate)
	}
	if p.eta >= 0 {
		fmt.Fprintf(&b, " eta=%s", clock(p.eta))
	}
	return b.String()
}

// step returns the number of the step, and of how many if that is known.
func (p progress) step() string {
	if p.Steps == 0 {
		return strconv.Itoa(p.Step)
	}
	return fmt.Sprintf("%d/%d", p.Step, p.Steps)
}

// barCells is the length of the bar, if there is room for it.
const barCells = 20

// live returns the step as a line of at most width-1 columns: the last column
// makes some terminals wrap.
func (p progress) live(width int, colour bool) string {
	rate, eta := "-", "-"
	if p.rate > 0 {
		rate = fmt.Sprintf("%.0f", p.rate)
	}
	if p.eta >= 0 {
		eta = clock(p.eta)
	}
	rest := fmt.Sprintf("  epoch %d/%d  step %s  %s samples/s  loss %.4f  ETA %s",
		p.Epoch, p.Epochs, p.step(), rate, p.Loss, eta)
	bar := "  " + bar(p.Step, p.Steps)
	room := width - 1
	if columns(p.title)+columns(bar)+columns(rest) > room {
		bar = ""
	}
	title := cut(p.title, room)
	rest = cut(rest, room-columns(title)-columns(bar))
	if !colour {
		return title + bar + rest
	}
	return bold + title + reset + dim + bar + reset + rest
}

// bar draws done of total with eighths of a cell.
func bar(done, total int) string {
	if total <= 0 {
		return ""
	}
	eighths := done * barCells * 8 / total
	text := strings.Repeat("█", eighths/8)
	if part := eighths % 8; part > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[part])
	}
	return text + strings.Repeat("·", barCells-utf8.RuneCountInString(text))
}

func columns(text string) int { return utf8.RuneCountInString(text) }

// cut returns the first n runes of text.
func cut(text string, n int) string {
	if columns(text) <= n {
		return text
	}
	return string([]rune(text)[:max(n, 0)])
}

// clock writes a duration as 0:07, 12:34 or 1:02:03.
func clock(d time.Duration) string {
	s := int(math.Ceil(d.Seconds()))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
