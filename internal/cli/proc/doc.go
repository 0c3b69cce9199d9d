// Package proc starts child processes and ends them together.
//
// A [Group] owns its children: each has a process group of its own, so that
// Ctrl-C on the terminal reaches only the parent, who decides; and none
// outlives the parent, by two independent means:
//
//   - the lifeline: the child's standard input is a pipe that stays open as
//     long as the parent lives, and a child that reads its end stops. It works
//     on every system.
//   - the parent-death signal: Linux sends SIGTERM to the child when the thread
//     that started it dies, and again for each thread that is its parent until
//     the whole process is dead. So one goroutine, locked to its thread for the
//     life of the group, starts all children.
//
// A child that stands for a process on another machine, as ssh does, is not
// told to end by a signal, which would end ssh alone: it is sent a word on its
// standard input instead ([Command.Stop]). And a child that is to outlive its
// parent has a session of its own ([Command.Detached]); [Group.Release] lets
// it go.
//
// The goroutines of a group: one that starts the children, and three per
// child, which write its standard input, read its standard output line by line
// and (inside os/exec) copy its standard error. [Group.Close] waits for all of
// them.
package proc
