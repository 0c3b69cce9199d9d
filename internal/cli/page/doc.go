// Package page writes the report of runs as one HTML file: figures, classes,
// what the weights did, where the time went, from what run directories hold and
// nothing else. The file needs no network and no script; its pictures are SVG
// of package plot, and its figures and words are those of package report.
//
// A run directory may be that of a run under way, or of one that was killed: the
// page is made from what is there and says what is missing. metrics.jsonl may
// have millions of lines, so it is read as a stream and thinned on the way.
package page
