#!/usr/bin/env bash
# Every row and every curve is measured, and a row that is not what it says is reported. Needs the Debian packages strace,
# util-linux and proot.
set -u
bench=tests/bench
provost=$PWD/tools/cli/provost
json=$TEST_TMPDIR/result.json
svg=$TEST_TMPDIR/picture.svg
harness() {
  /usr/bin/python3 -B $bench/harness.py --programs $bench --scratch "$TEST_TMPDIR" --quick --rounds 1 --calls 200 "$@"
}
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

harness --provost "$provost" --curves --json "$json" --svg "$svg" >"$TEST_TMPDIR/table" ||
  fail "the harness reports a failed row: $(cat "$TEST_TMPDIR/table")"

/usr/bin/python3 - "$json" <(harness --list) <<'END' || fail "the result is not whole"
import json
import os
import sys

result = json.load(open(sys.argv[1]))
listed = open(sys.argv[2]).read().split()
rows = {row["name"]: row for row in result["rows"]}
one_cpu = len(os.sched_getaffinity(0)) == 1
left_out = {name for name in listed if one_cpu and ("spinning" in name or "busy" in name)}
left_out |= {"gvisor"} & set(result["not_measured"])  # it does not run everywhere
left_out |= {"placement-together"} & set(result["not_measured"])  # it takes root
expected = [name for name in listed if name not in left_out]
assert len(expected) >= 45 and list(rows) == expected, (expected, list(rows), result["not_measured"])
for row in rows.values():
    assert row["median"] > 0 and row["min"] > 0 and len(row["samples"]) == 1, row
    assert row["min"] <= row["median"] <= row["max"], row
    assert row["unit"] != "ns/call" or row["ratio_to_floor"] > 0, row
    for target in row["targets"]:
        assert target["met"] == ("missed" not in target["text"]), target
assert {row["unit"] for row in rows.values()} == {"ns/call", "ns/start", "ns/build", "KiB"}
floors = [row for row in rows if row.startswith("floor-") and rows[row]["ratio_to_floor"] == 1]
assert len(floors) == 2, floors
(pinned,) = rows["path-deny-pinned"]["targets"]
assert (pinned["reference"], pinned["limit"]) == ("floor-blocking-skip", 1.5), pinned
assert abs(pinned["measured"] - rows["path-deny-pinned"]["ratio_to_one_cpu_floor"]) < 1e-9, pinned
(memory,) = rows["memory"]["targets"]
assert memory["limit"] == 16 * 1024 + 4 * 1000, memory
assert memory["measured"] == rows["memory"]["median"] > 1024, memory
assert result["facts"]["kernel"] == os.uname().release, result["facts"]

axes = {"idle": [0, 10, 100, 1000, 4000], "busy": [1, 2, 4, 8, 16],
        "rules": [1, 10, 100, 1000, 4000], "path": [16, 64, 256, 1000, 4000]}
curves = {curve["name"]: curve for curve in result["curves"]}
assert list(curves) == list(axes), list(curves)
for name, xs in axes.items():
    assert len(curves[name]["series"]) >= 2, curves[name]
    for series in curves[name]["series"]:
        measured = [point["x"] for point in series["points"]]
        assert measured == ([] if one_cpu and name == "busy" else xs), (name, series)
        assert all(0 < point["min"] <= point["max"] for point in series["points"]), series
    assert name == "path" or curves[name]["reference"]["median"] > 0, curves[name]
END

/usr/bin/python3 - "$json" "$svg" <<'END' || fail "the picture is not what was measured"
import json
import sys
import xml.etree.ElementTree as xml

rows = {row["name"]: row for row in json.load(open(sys.argv[1]))["rows"]}
svg = "{http://www.w3.org/2000/svg}"
picture = xml.parse(sys.argv[2]).getroot()
words = [text.text for text in picture.iter(svg + "text")]
widths = [float(bar.get("width")) for bar in picture.iter(svg + "rect")]
assert len(widths) == 10 + ("gvisor" in rows), widths
assert "no supervision" in words and "PRoot" in words, words
for name in ("native", "path-deny", "strace"):
    median = rows[name]["median"] / 1e3
    digits = 2 if median < 10 else 1 if median < 100 else 0
    assert f"{median:.{digits}f}" in words, (name, median, words)
# The first bar is native's, the last strace's.
scale = rows["strace"]["median"] / rows["native"]["median"]
assert abs(widths[-1] / widths[0] / scale - 1) < 0.1 or widths[0] == 1, (widths, scale)
END
/usr/bin/python3 -B $bench/picture.py "$json" "$svg.again" || fail "no picture of the JSON"
cmp "$svg" "$svg.again" || fail "the picture that is made of the JSON is another"

/usr/bin/python3 -B $bench/report.py "$json" >"$TEST_TMPDIR/result.md" || fail "no Markdown"
for cell in path-deny build-learn memory "µs/call by idle tasks: path allowed, on one CPU"; do
  grep -qF "| $cell |" "$TEST_TMPDIR/result.md" || fail "not in the Markdown: $cell"
done

# pretend NAME DOES: a program with provost's command line, which does something else. It finds "${options[@]}" and "${program[@]}".
pretend() {
  cat >"$TEST_TMPDIR/$1" <<END
#!/bin/bash
options=()
while [ "\$1" != -- ]; do options+=("\$1"); shift; done
program=("\${@:2}")
$2
END
  chmod +x "$TEST_TMPDIR/$1"
}
# fails NAME ROW WHY: the row is reported as failed, and why, if that is taken for provost.
fails() {
  out=$(harness --provost "$TEST_TMPDIR/$1" --rows "$2") && fail "$2 passed with $1"
  grep -qE "^failed: $2: $3" <<<"$out" || fail "$2 with $1: not said why: $out"
}
# shellcheck disable=SC2016
{
  pretend permissive 'exec "${program[@]}"'
  pretend tracing 'exec strace -f --seccomp-bpf -e trace=openat -o /dev/null "${program[@]}"'
  pretend terse "exec $provost \"\${options[@]}\" --actions-logged trap -- \"\${program[@]}\""
  pretend without-directory "$provost"' "${options[@]}" -- "${program[@]}"; status=$?
    sed -i "/^type=CWD /d" "${options[@]: -3:1}"; exit $status'
}
fails permissive path-deny 'exit status 1'
grep -q '^floor-blocking-skip ' <<<"$out" || fail "the other rows are missing: $out"
fails permissive path-allow '0.000 stops a call, not 1 to 1'
fails permissive memory '0 tasks are supervised, not 1001'
fails permissive build-record '.*No such file'
fails tracing kernel-allow '2.000 stops a call, not 0 to 0'
fails terse record '0 events in the log, 0 of them whole, not 211'
fails without-directory record '211 events in the log, 0 of them whole, not 211'
fails terse build-learn 'the log holds .* 0 times, not 1 to 1'

harness --provost "$provost" --rows no-such-row 2>"$TEST_TMPDIR/err"
[ $? -eq 2 ] || fail "an unknown row was taken"
grep -q 'no row is called no-such-row' "$TEST_TMPDIR/err" || fail "$(cat "$TEST_TMPDIR/err")"
harness --provost "$provost" --curves idle,no-such-curve 2>"$TEST_TMPDIR/err"
[ $? -eq 2 ] || fail "an unknown curve was taken"
grep -q 'no curve is called no-such-curve' "$TEST_TMPDIR/err" || fail "$(cat "$TEST_TMPDIR/err")"

out=$(PATH=/nowhere harness --provost "$provost" --rows strace,proot) || fail "failed without strace"
grep -q '^not measured: strace: strace is not installed: apt-get install strace' <<<"$out" || fail "$out"
grep -q '^not measured: proot: proot is not installed: apt-get install proot' <<<"$out" || fail "$out"

out=$(harness --provost "$provost" --rows floor-spinning --cpus 1 --load 2) || fail "failed under load on one CPU"
grep -q ', 1 CPUs' <<<"$out" || fail "not on one CPU: $out"
grep -q '; 2 busy loops beside;' <<<"$out" || fail "no load: $out"
grep -q '^not measured: floor-spinning: needs 2 CPUs' <<<"$out" || fail "$out"
harness --provost "$provost" --cpus 0 2>"$TEST_TMPDIR/err"
[ $? -eq 2 ] || fail "no CPU at all was taken"

PYTHONPATH=$bench /usr/bin/python3 -B - <<'END' || fail "busy loops are left"
import os

import load

try:
    with load.Load(2) as busy:
        pids = [loop.pid for loop in busy._loops]
        assert len(pids) == 2 and all(os.path.exists(f"/proc/{pid}") for pid in pids), pids
        busy.check()
        raise KeyboardInterrupt
except KeyboardInterrupt:
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids), pids
END
echo passed
