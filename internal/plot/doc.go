// Package plot draws the pictures of reports and comparisons as SVG: lines and
// layers over a common axis, rows of dots and bars, and fields of shades. What
// it writes is well-formed XML whatever the names in it, needs no script and no
// network, and takes its ink from the page around it, so that it can be read on
// a dark one as well.
package plot
