#!/usr/bin/env bash
# Every row is measured, and a row that is not what it says is reported. Needs the Debian packages strace and util-linux.
set -u
bench=tests/bench
json=$TEST_TMPDIR/result.json
harness() {
  /usr/bin/python3 -B $bench/harness.py --programs $bench --scratch "$TEST_TMPDIR" --quick --rounds 1 --calls 200 "$@"
}
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

harness --provost tools/cli/provost --json "$json" || fail "the harness reports a failed row"

/usr/bin/python3 - "$json" <(harness --list) <<'END' || fail "the result is not whole"
import json
import os
import sys

result = json.load(open(sys.argv[1]))
listed = open(sys.argv[2]).read().split()
rows = {row["name"]: row for row in result["rows"]}
one_cpu = len(os.sched_getaffinity(0)) == 1
expected = [name for name in listed if not (one_cpu and name.startswith("floor-spinning"))]
assert len(expected) >= 18 and list(rows) == expected, (expected, list(rows), result["not_measured"])
for row in rows.values():
    assert row["median"] > 0 and row["min"] > 0 and len(row["samples"]) == 1, row
    assert row["min"] <= row["median"] <= row["max"], row
    assert row["unit"] == "ns/start" or row["ratio_to_floor"] > 0, row
    for target in row["targets"]:
        assert target["met"] == ("missed" not in target["text"]), target
floors = [row for row in rows if row.startswith("floor-") and rows[row]["ratio_to_floor"] == 1]
assert len(floors) == 2, floors
(pinned,) = rows["path-deny-pinned"]["targets"]
assert (pinned["reference"], pinned["limit"]) == ("floor-blocking-skip", 1.5), pinned
assert abs(pinned["measured"] - rows["path-deny-pinned"]["ratio_to_one_cpu_floor"]) < 1e-9, pinned
assert result["facts"]["kernel"] == os.uname().release, result["facts"]
END

# Not provost: lets the call run, which the row says is denied.
cat >"$TEST_TMPDIR/permissive" <<'END'
#!/bin/bash
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
END
chmod +x "$TEST_TMPDIR/permissive"
out=$(harness --provost "$TEST_TMPDIR/permissive" --rows path-deny) && fail "a call that ran passed for denied"
grep -q '^failed: path-deny: exit status 1' <<<"$out" || fail "not said which row failed: $out"
grep -q '^floor-blocking-skip ' <<<"$out" || fail "the other rows are missing: $out"

harness --provost tools/cli/provost --rows no-such-row 2>"$TEST_TMPDIR/err"
[ $? -eq 2 ] || fail "an unknown row was taken"
grep -q 'no row is called no-such-row' "$TEST_TMPDIR/err" || fail "$(cat "$TEST_TMPDIR/err")"

out=$(PATH=/nowhere harness --provost tools/cli/provost --rows strace) || fail "failed without strace"
grep -q '^not measured: strace: strace is not installed: apt-get install strace' <<<"$out" || fail "$out"
echo passed
