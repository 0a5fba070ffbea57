# Sourced by the scripts beside it: what they need from Debian, and how they build.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# package: why
build_packages='bazel-bootstrap: builds provost
bazel-rules-java: Bazel asks for it even where there is no Java
g++: compiles provost
pkg-config: finds libraries
libabsl-dev: status, strings, containers
libseccomp-dev: names and numbers of system calls
libspdlog-dev: diagnostics
libfmt-dev: formatting under spdlog
libcli11-dev: command lines
liblua5.4-dev: scripts that answer calls
libre2-dev: regular expressions in policies
nlohmann-json3-dev: JSON
libaudit-dev: the kernel'\''s audit socket
libauparse-dev: reads audit logs
libcap-ng-dev: libaudit as an archive is linked with it
libgtest-dev: compiled with the tests
libgmock-dev: compiled with the tests'
test_packages='libbenchmark-dev: benchmarks
auditd: ausearch and aureport, which must read our logs
audispd-plugins: ships a log to an auditd of the test'\''s own
rsyslog: ships a log, by daemons of the test'\''s own
systemd-journal-remote: ships what a journal is sent, likewise
clang-format: checks the form of the source
gcc-multilib: 32-bit victims
faketime: what a virtual clock is compared with
musl-tools: static programs that see it
golang-go: likewise, and a program to supervise
make: a program to supervise
git: lists the sources
manpages-dev: says which Linux brought a call
python3: counts test results
strace: a peer to compare with
proot: another
busybox-static: a root directory for programs
fakeroot: a peer of `emulate ids`
snapd: snap-seccomp, which our reading of its profiles must agree with
crun: a container runtime, which must load what we export
golang-github-containers-common: the profile of containers'
# For tools/test --full.
program_packages='clang-tidy: checks the source
libpython3.11-testsuite: a program to supervise
procps: a program to supervise
stress-ng: a program to supervise
less: a program to supervise
tmux: a terminal for the tests'

# install_missing LIST: installs the packages of LIST that are not there, saying which and why.
install_missing() {
  local missing=() package why
  while IFS=: read -r package why; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' && continue
    [ ${#missing[@]} -eq 0 ] && echo "provost needs packages that are not installed:" >&2
    echo "  $package:$why" >&2
    missing+=("$package")
  done <<<"$1"
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "provost: run as root, or install them: apt-get install ${missing[*]}" >&2
      return 125
    }
    sudo=(sudo)
  fi
  echo "installing them with ${sudo[*]:+sudo }apt-get" >&2
  local installed=0 no_daemons=/usr/sbin/policy-rc.d
  # Their daemons are not to run on this machine because of us (invoke-rc.d(8)).
  if [ -e "$no_daemons" ]; then
    no_daemons=
  else
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" sh -c 'cat >"$0" && chmod 755 "$0"' "$no_daemons"
  fi
  "${sudo[@]}" apt-get update -q >&2 &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 || installed=125
  [ -z "$no_daemons" ] || "${sudo[@]}" rm -f "$no_daemons"
  [ "$installed" -eq 0 ] || echo "provost: apt-get could not install ${missing[*]}" >&2
  return "$installed"
}

# build TARGET...: an optimised build; silent unless it fails or is at work on a terminal.
build() {
  local log progress=(--noshow_progress)
  [ -t 2 ] && progress=()
  log=$(mktemp) || return 125
  if [ -t 2 ]; then
    (cd "$top" && bazel build --config=opt "$@") || { rm -f "$log"; return 125; }
  elif ! (cd "$top" && bazel build --config=opt "${progress[@]}" "$@") >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "provost: the build failed" >&2
    return 125
  fi
  rm -f "$log"
}
