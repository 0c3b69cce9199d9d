#!/usr/bin/env bash
# Starts runs on "hosts" through a real sshd and checks what -H promises: the
# same model as here, a copy of it on every host, nothing left behind, the
# secret in no argument list, Ctrl-C, the death of a node, the death of the
# launcher, a host that lets nobody in.
#
# Hosts are network namespaces, each with an address, an sshd and a disk of its
# own, if we are root and the kernel has them; else two sshd on loopback with
# one disk (or if LOOPBACK=1). Keys, configuration and ports are made for the
# test, in a temporary directory, which KEEP=1 keeps.
#
# Usage: scripts/ssh-test.sh [PROGRAM]   (default: built for the test)
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
work=$tmp/work
pids=() spaces=() bridge=''
cleanup() {
	local n
	for n in ${spaces[@]+"${spaces[@]}"}; do
		kill $(ip netns pids "$n" 2>/dev/null) 2>/dev/null || true
		ip netns del "$n" || true
	done
	kill ${pids[@]+"${pids[@]}"} 2>/dev/null || true
	[ -z "$bridge" ] || ip link del "$bridge" || true
	[ -n "${KEEP:-}" ] || rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir "$work" "$tmp/a" "$tmp/b"

say() { printf '%s\n' "$*"; }
fail() {
	say "FAIL: $*"
	[ ! -s "$tmp/err" ] || sed 's/^/  | /' "$tmp/err"
	exit 1
}

until_ok() { # WHAT COMMAND...: waits 30 s at most
	local what=$1
	shift
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.05
	done
	fail "waited 30 s for $what"
}

# --- hosts

sshd=$(command -v sshd || echo /usr/sbin/sshd)
if [ ! -x "$sshd" ]; then
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "there is no sshd here: install openssh-server"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-server >/dev/null
fi
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
for key in user stranger host; do ssh-keygen -q -t ed25519 -N '' -f "$tmp/$key"; done

# serve NAME ADDRESS PORT [COMMAND...] starts an sshd, by the command if there
# is one, and makes it known to our ssh as ballast-NAME.
serve() {
	local name=$1 addr=$2 port=$3
	shift 3
	cat >"$tmp/sshd-$name" <<-EOF
		ListenAddress $addr:$port
		HostKey $tmp/host
		AuthorizedKeysFile $tmp/user.pub
		PidFile none
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		UsePAM no
		StrictModes no
		SetEnv TMPDIR=$tmp/$name
	EOF
	"$@" "$sshd" -D -e -f "$tmp/sshd-$name" 2>"$tmp/log-$name" &
	pids+=($!)
	cat >>"$tmp/config" <<-EOF
		Host ballast-$name
		  HostName $addr
		  Port $port
	EOF
	printf '[%s]:%s %s\n' "$addr" "$port" "$(cut -d' ' -f1,2 "$tmp/host.pub")" >>"$tmp/known"
	until_ok "the sshd of $name" bash -c "exec 3<>/dev/tcp/$addr/$port"
}

# spaces makes two namespaces on a bridge, or fails.
make_spaces() {
	[ -z "${LOOPBACK:-}" ] && [ "$(id -u)" = 0 ] && command -v ip >/dev/null || return 1
	ip link add "bt$$" type bridge || return 1
	bridge=bt$$
	ip addr add 10.203.77.1/24 dev "$bridge"
	ip link set "$bridge" up
	local i=10 name
	for name in a b; do
		i=$((i + 1))
		ip netns add "bt$$-$name" || return 1
		spaces+=("bt$$-$name")
		ip link add "bt$$$name" type veth peer name eth0 netns "bt$$-$name" || return 1
		ip link set "bt$$$name" master "$bridge" up
		ip -n "bt$$-$name" link set lo up
		ip -n "bt$$-$name" addr add "10.203.77.$i/24" dev eth0
		ip -n "bt$$-$name" link set eth0 up
		ip -n "bt$$-$name" route add default via 10.203.77.1
	done
}

cat >"$tmp/on-disk" <<'EOF'
#!/bin/sh
# DISK WORK COMMAND...: the command sees the disk in the place of the work directory
mount --bind "$1" "$2" || exit 1
shift 2
exec "$@"
EOF
cat >"$tmp/ssh" <<EOF
#!/bin/sh
exec ssh -F $tmp/config "\$@"
EOF
chmod +x "$tmp/on-disk" "$tmp/ssh"

if make_spaces 2>"$tmp/err"; then
	say "hosts: network namespaces 10.203.77.11 and .12, each with its own disk"
	disks=("$tmp/disk-a" "$tmp/disk-b")
	mkdir "${disks[@]}"
	# ip netns exec gives a mount namespace too, so the disk is seen there alone.
	serve a 10.203.77.11 2222 ip netns exec "bt$$-a" "$tmp/on-disk" "${disks[0]}" "$work"
	serve b 10.203.77.12 2222 ip netns exec "bt$$-b" "$tmp/on-disk" "${disks[1]}" "$work"
else
	say "hosts: two sshd on loopback with one disk (no network namespaces: $(head -n1 "$tmp/err"))"
	disks=("$work")
	port=$((20000 + $$ % 20000))
	serve a 127.0.0.1 "$port"
	serve b 127.0.0.1 $((port + 1))
fi
: >"$tmp/err"
cat >>"$tmp/config" <<-EOF
	Host *
	  User $(id -un)
	  IdentityFile $tmp/user
	  IdentitiesOnly yes
	  UserKnownHostsFile $tmp/known
	  StrictHostKeyChecking yes
EOF

# --- the program

ballast=${1:-}
if [ -z "$ballast" ]; then
	ballast=$tmp/bin/ballast
	go build -trimpath -o "$ballast" ./cmd/launcher
fi
ballast=$(realpath "$ballast")
export BALLAST_SSH=$tmp/ssh
cd "$work"

run() { # OUT STEPS FLAGS...
	local out=$1 steps=$2
	shift 2
	"$ballast" run --data glyphs --model mlp:256,128 --method absgd+la --batch 128 --epochs 1000 --eval-every 0 --checkpoint-every 50 \
		--progress plain --steps "$steps" --out "$out" "$@" 2>"$tmp/err"
}
sha() { tail -n 1 "$@" | sed -n 's/^model sha256 //p'; }
now() { date +%s%N; }
since() { echo $((($(now) - $1) / 1000000)); }
copied() { [ -z "$(ls -A "$tmp/a" "$tmp/b" | grep -v :)" ]; }

# on_disks OUT SHA: every host has the model
on_disks() {
	local d
	for d in "${disks[@]}"; do
		[ "$(sha256sum <"$d/$1/model.safetensors" | cut -d' ' -f1)" = "$2" ] || fail "$d/$1 has another model"
	done
}

# pid_of NAME: the node's process, not the shells and the ssh about it
pid_of() {
	local p
	for p in $(pgrep -f -- "--handover --name $1"); do
		case $(readlink "/proc/$p/exe") in */ballast*) echo "$p"; return ;; esac
	done
	return 1
}
nobody() { ! pid_of ballast-a-0 && ! pid_of ballast-b-0; }
steps_done() { [ "$(grep -hc '"grad_norm"' "${disks[0]}/$1/metrics.jsonl")" -gt "$2" ]; }

# --- what is promised

want=$(run here 100 --nproc-per-node 1 | sha)
long=$(run here-long 1500 --nproc-per-node 1 | sha)

t=$(now)
got=$(run pushed 100 -H ballast-a:2,ballast-b --push | sha) || fail "a run on two hosts"
[ "$got" = "$want" ] || fail "the model on two hosts is $got, here $want"
on_disks pushed "$want"
copied || fail "a copy of the program was left behind"
[ -s pushed/logs/ballast-b-0.log ] || fail "the log of ballast-b-0 is missing"
say "ok: 3 nodes on 2 hosts, the program copied there: the model of 1 node here ($(since "$t") ms in all)"

printf 'ballast-a slots=1  # the first\nballast-b slots=2\n' >"$tmp/hostfile"
t=$(now)
got=$(run listed 100 --hostfile "$tmp/hostfile" | sha) || fail "a run on hosts of a file"
[ "$got" = "$want" ] || fail "the model on the hosts of a file is $got, here $want"
say "ok: hosts of a file, the program at the same path ($(since "$t") ms in all)"

run stopped 1000000 -H ballast-a,ballast-b --push >/dev/null &
launcher=$!
until_ok "20 steps" steps_done stopped 20
secret=$(cat stopped/logs/job.secret)
if grep -lF -- "$secret" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; then fail "the secret is in an argument list or an environment"; fi
ls -l stopped/logs/job.secret | grep -q '^-rw-------' || fail "the secret can be read by others"
"$ballast" status --run stopped >"$tmp/status" 2>&1 || fail "status --run: $(cat "$tmp/status")"
grep -q ballast-b-0 "$tmp/status" || fail "status does not know ballast-b-0: $(cat "$tmp/status")"
t=$(now)
kill -INT "$(pgrep -P "$launcher" -x ballast || echo "$launcher")"
wait "$launcher" && fail "Ctrl-C ended in success"
took=$(since "$t")
[ "$took" -lt 2000 ] || fail "Ctrl-C took $took ms"
nobody || fail "a node outlives Ctrl-C"
copied || fail "Ctrl-C left a copy of the program behind"
say "ok: the secret is nowhere to be seen; status; Ctrl-C ends all hosts ($took ms)"

run survived 1500 -H ballast-a,ballast-b --push >"$tmp/out" &
launcher=$!
until_ok "100 steps" steps_done survived 100
kill -KILL "$(pid_of ballast-b-0)"
wait "$launcher" || fail "a run with a node killed"
[ "$(sha <"$tmp/out")" = "$long" ] || fail "the model is another after the death of a node"
grep -q 'killed by signal 9.*started again' "$tmp/err" || fail "nobody was started again"
on_disks survived "$long"
say "ok: a node killed and started again: the same model"

run orphaned 1500 -H ballast-a,ballast-b --push >/dev/null &
launcher=$!
until_ok "100 steps" steps_done orphaned 100
kill -KILL "$(pgrep -P "$launcher" -x ballast || echo "$launcher")"
wait "$launcher" && fail "a killed launcher ended in success"
until_ok "the copies to go" copied
until_ok "the nodes to end" nobody
on_disks orphaned "$long"
say "ok: the launcher killed: the hosts train on to the same model, and the copies are gone"

sed -i "s|IdentityFile .*|IdentityFile $tmp/stranger|" "$tmp/config"
if run refused 100 -H ballast-a,ballast-b >/dev/null; then fail "a stranger was let in"; fi
grep -q '^ballast: ballast-a: ssh: .*Permission denied' "$tmp/err" || fail "a stranger was refused in other words"
[ "$(wc -l <"$tmp/err")" -le 4 ] || fail "too many words"
say "ok: a host that does not let us in is named"
