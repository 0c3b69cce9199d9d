package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// Members prints what the members of a run are doing, one line each: those of
// the ring by rank, then those that wait to be taken in; and below why some do
// not answer or have no ring. Where their figures are to be had comes last, if
// anybody serves any. A name loses what makes it unique where it is unique
// without.
func Members(w io.Writer, members []cluster.MemberStatus) {
	members = slices.Clone(members)
	slices.SortStableFunc(members, func(a, b cluster.MemberStatus) int {
		return cmp.Or(cmp.Compare(uint(a.Rank), uint(b.Rank)), cmp.Compare(a.Member.Name, b.Member.Name)) // -1 is last
	})
	names := shortNames(members)
	var remarks []string
	served := slices.ContainsFunc(members, func(m cluster.MemberStatus) bool { return m.Progress.Metrics != "" })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := "rank\tname\taddress\tshards\tto next\tstep\tphase\twaiting for\tsince\trtt"
	if served {
		head += "\tmetrics"
	}
	fmt.Fprintln(t, head)
	for _, m := range members {
		p := m.Progress
		cells := []string{"-", names[m.Member.Name], m.Member.Addr, shards(m.Shards), p.Transport, strconv.FormatUint(p.Step, 10), p.Phase, "", short(m.Since), short(m.RTT)}
		if m.Rank >= 0 {
			cells[0] = strconv.Itoa(m.Rank)
		}
		if p.WaitingFor != "" {
			cells[7] = cmp.Or(names[p.WaitingFor], p.WaitingFor)
		}
		switch {
		case m.Error != "":
			cells[5], cells[6], cells[8] = "-", "no answer", "-"
			remarks = append(remarks, fmt.Sprintf("%s: %s", cells[1], m.Error))
		case m.Waiting != "":
			cells[4], cells[6] = "", "no ring"
			remarks = append(remarks, fmt.Sprintf("%s: %s", cells[1], m.Waiting))
		}
		if served {
			cells = append(cells, p.Metrics)
		}
		for i, cell := range cells {
			cells[i] = cmp.Or(cell, "-")
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	_ = t.Flush() // of a buffer, or of a writer that tells by itself
	for _, line := range remarks {
		fmt.Fprintln(w, line)
	}
}

// shards writes a run of shards by its first and last.
func shards(of [2]int) string {
	switch n := of[1] - of[0]; {
	case n <= 0:
		return ""
	case n == 1:
		return strconv.Itoa(of[0])
	default:
		return fmt.Sprintf("%d-%d", of[0], of[1]-1)
	}
}

// shortNames returns the names for people by the full ones.
func shortNames(members []cluster.MemberStatus) map[string]string {
	count := map[string]int{}
	for _, m := range members {
		name, _, _ := strings.Cut(m.Member.Name, "#")
		count[name]++
	}
	names := map[string]string{}
	for _, m := range members {
		name, _, _ := strings.Cut(m.Member.Name, "#")
		if count[name] > 1 {
			name = m.Member.Name
		}
		names[m.Member.Name] = name
	}
	return names
}

// short writes a duration with as many digits as a person reads.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(100 * time.Millisecond).String()
	}
}
