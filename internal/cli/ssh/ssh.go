package ssh

import (
	"cmp"
	"fmt"
	"os/exec"
	"strings"
)

// Client is an ssh program.
type Client struct{ path string }

// Find returns the program of that name or path; "" means ssh.
func Find(name string) (Client, error) {
	if name == "" {
		name = "ssh"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return Client{}, fmt.Errorf("the program that reaches other machines is not here: %w", err)
	}
	return Client{path}, nil
}

// Path returns the path of the program.
func (c Client) Path() string { return c.path }

// Failed is the exit code of ssh itself: the host was not reached, did not let
// us in, or was lost. Any other is the remote command's.
const Failed = 255

// Run returns the arguments, the program's name first, that have the host run a
// command in a directory, or in the user's home if the directory is not there.
// A command that a signal has killed has the exit code 128 and the number.
func (c Client) Run(host, dir string, command ...string) []string {
	// The last command of the script must not take the shell's place: ssh's
	// exit code after a signal would be Failed.
	return c.script(host, `cd -- "$1" 2>/dev/null; shift; "$@"; exit $?`, append([]string{dir}, command...)...)
}

// Copy returns the arguments that have the host read a program of size bytes
// from standard input into a file of that name, in a fresh directory that
// nobody else can read. Then it prints a line that names the host's system and
// processor (see [Platform]) and a line with the path of the file, and waits
// for the end of its input, when it removes both. So nothing stays behind,
// whatever becomes of us; a process that runs the program is not disturbed.
func (c Client) Copy(host, name string, size int64) []string {
	return c.script(host, `umask 077
d=$(mktemp -d "${TMPDIR:-/tmp}/ballast.XXXXXXXX") || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM
head -c "$1" >"$d/$2" && chmod 700 "$d/$2" || exit 1
[ "$(wc -c <"$d/$2")" -eq "$1" ] || exit 1
uname -sm
echo "$d/$2"
cat >/dev/null`, fmt.Sprint(size), name)
}

// script returns the arguments that have the host run a script of the POSIX
// shell with the words as $1 and so on. The user's own shell there, whichever
// it is, sees one command with quoted words.
func (c Client) script(host, script string, words ...string) []string {
	command := []string{"exec", "sh", "-c", Quote(script), "ballast"}
	for _, w := range words {
		command = append(command, Quote(w))
	}
	return []string{cmp.Or(c.path, "ssh"), "-o", "BatchMode=yes", host, "--", strings.Join(command, " ")}
}

// Quote makes one word of a text for a shell.
func Quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Platform returns the GOOS and GOARCH of what "uname -sm" prints; ok is false
// if they are not known.
func Platform(uname string) (goos, goarch string, ok bool) {
	system, machine, _ := strings.Cut(strings.TrimSpace(uname), " ")
	goos = map[string]string{"Linux": "linux", "Darwin": "darwin", "FreeBSD": "freebsd"}[system]
	goarch = map[string]string{
		"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x",
	}[machine]
	return goos, goarch, goos != "" && goarch != ""
}
