#!/usr/bin/env bash
# The set-ups of docs/SECURITY_TEAMS.md for other machines, with the real shippers: what arrives is what was written. Each
# runs in namespaces of its own, on a loopback of its own, so that neither the machine's daemons nor its audit state are
# touched and no privilege is needed. The rsyslog configurations are those on the page.
# Needs the Debian packages rsyslog, systemd-journal-remote and audispd-plugins.
set -u
if [ "${1:-}" != inside ]; then
  for way in auditd rsyslog syslog_socket journal; do
    unshare --user --map-root-user --mount --net --pid --fork --kill-child --mount-proc bash "$0" inside "$way" || {
      echo "FAILED: $way" >&2
      failed=1
    }
  done
  exit "${failed:-0}"
fi

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

provost=$PWD/tools/cli/provost
page=$PWD/docs/SECURITY_TEAMS.md
# Where a socket's path is short.
work=/mnt
mount -t tmpfs none /mnt && mount -t tmpfs none /run || fail "no mount namespace"
ip link set lo up || fail "no network namespace"
cd "$work" || exit 1
log=$work/audit.log

# A run with refusals, in the enriched format, and with a record as long as they get.
record() {
  local long
  long=$(printf '%*s' 4000 '' | tr ' ' '\n')x
  "$provost" run --audit-format enriched "$@" -e 'deny EACCES openat if path == "/etc/shadow" as "no-shadow"' \
    -e 'deny EPERM mkdir as "no-mkdir"' -- /bin/sh -c 'cat /etc/shadow; mkdir "$1"' sh "$long" 2>"$work/errors"
  grep -q 'Permission denied' "$work/errors" || fail "nothing was refused: $(cat "$work/errors")"
}

# arrived FILE TEXT: waits until the file holds it.
arrived() {
  timeout 60 grep -q -m1 -- "$2" < <(tail -n +1 -F "$1" 2>/dev/null) || fail "$1 never held $2"
}

# await COMMAND...: until it succeeds, of what tells nobody when it is ready.
await() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    "$@" 2>/dev/null && return
    sleep 0.1
  done
  fail "never succeeded: $*"
}

listens() { (exec 4<>"/dev/tcp/127.0.0.1/$1"); }

# block NAME: what the page shows as this file.
block() {
  awk -v first="# $1" '$0 == first {on = 1; next} /^```/ {on = 0} on' "$page"
}

auditd() {
  record -o "$log"
  mkdir -p conf/plugins log
  cat >conf/auditd.conf <<END
local_events = no
log_file = $work/log/audit.log
log_format = RAW
flush = NONE
max_log_file_action = IGNORE
priority_boost = 0
tcp_listen_port = 6060
plugin_dir = $work/conf/plugins
name_format = NONE
space_left = 2
admin_space_left = 1
END
  cat >remote.conf <<END
remote_server = 127.0.0.1
port = 6060
transport = tcp
mode = immediate
queue_file = $work/remote.queue
queue_depth = 10240
format = managed
network_retry_time = 1
max_tries_per_record = 60
max_time_per_record = 60
heartbeat_timeout = 0
END
  chmod 640 conf/auditd.conf remote.conf
  mount --bind remote.conf /etc/audit/audisp-remote.conf || fail "no mounts"
  /usr/sbin/auditd -n -c "$work/conf" -s nochange &
  # It begins its own log when it listens.
  arrived log/audit.log DAEMON_START
  mkfifo pipe
  /usr/sbin/audisp-remote <pipe &
  exec 3>pipe
  cat "$log" >&3
  arrived log/audit.log op=supervisor-end
  grep -v '^type=DAEMON_' log/audit.log | diff - "$log" >differences || fail "not verbatim: $(head -c 2000 differences)"
}

rsyslog() {
  local way
  mkdir sender_work receiver_work
  { echo "global(workDirectory=\"$work/receiver_work\")"; block receiver; } |
    sed "s|/var/log/provost/|$work/|" >receiver.conf
  { echo "global(workDirectory=\"$work/sender_work\")"; block sender; } |
    sed "s|/var/log/provost/|$work/|; s|\"loghost\"|\"127.0.0.1\"|" >sender.conf
  for way in receiver sender; do
    grep -q 'ruleset(name="audit")' $way.conf || fail "the page shows no $way"
    rsyslogd -n -f "$work/$way.conf" -i "$work/$way.pid" &
    # Refused once, the sender would wait long before it tries again.
    [ $way = sender ] || await listens 6514
  done
  # While they run: what is appended is followed.
  record -o "$log"
  arrived fleet.log op=supervisor-end
  cmp "$log" fleet.log || fail "not verbatim"
}

syslog_socket() {
  cat >syslog.conf <<END
global(workDirectory="$work" maxMessageSize="16k" parser.escapeControlCharactersOnReceive="off")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" socket="$work/socket" createPath="off")
template(name="record" type="string" string="%msg:2:\$%\n")
action(type="omfile" file="$work/messages" template="record")
END
  rsyslogd -n -f "$work/syslog.conf" -i "$work/syslog.pid" &
  await test -S socket
  record -o "syslog:$work/socket" -o "$log"
  arrived messages op=supervisor-end
  cmp "$log" messages || fail "not verbatim"
}

journal() {
  mkdir sent
  # journald's socket, and what it would make of what comes (systemd.journal-fields(7)), in the form that its tools read.
  /usr/bin/python3 -c '
import socket
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("socket")
with open("sent.export", "wb") as export:
    for number in range(1, 1 << 30):
        entry = receiver.recv(1 << 20)
        export.write(b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n" % (1795756856000000 + number, number))
        export.write(b"_BOOT_ID=0123456789abcdef0123456789abcdef\n_PID=1\n" + entry + b"\n")
        if b"op=supervisor-end" in entry:
            break
' &
  local collector=$!
  await test -S socket
  record -o "journal:$work/socket" -o "$log"
  wait $collector
  /lib/systemd/systemd-journal-remote -o sent/sent.journal sent.export || fail "no journal"
  /lib/systemd/systemd-journal-remote --listen-http=127.0.0.1:19532 --split-mode=none -o remote.journal &
  local remote=$!
  await listens 19532
  /lib/systemd/systemd-journal-upload --url=http://127.0.0.1:19532 --file="$work/sent/sent.journal" \
    --save-state="$work/state" &
  # It writes by mmap(2), of which tail is told nothing.
  await grep -q op=supervisor-end remote.journal
  # It ends the file as it ends.
  kill $remote
  wait $remote
  journalctl --file remote.journal -t provost -o cat >arrived.log || fail "no journal arrived"
  cmp "$log" arrived.log || fail "not verbatim"
}

"$2"
[ "$(ausearch -if "$log" -k no-shadow --raw </dev/null | grep -c ^type=SECCOMP)" = 1 ] || fail "the log itself is not whole"
