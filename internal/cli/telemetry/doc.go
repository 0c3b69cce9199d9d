// Package telemetry serves the figures of one node to Prometheus: GET /metrics,
// and GET /healthz for those who watch over processes.
//
// [Figures] follows the node as an observer and keeps each figure in a place of
// its own, found once: a step costs a few atomic stores and no allocation.
// [Server] answers over plain HTTP, without asking who it is; so an address
// without a host is one of loopback. What it knows are figures of training: no
// data, no parameters, no secret. It is the only door of Prometheus's client,
// with a registry of its own.
package telemetry
