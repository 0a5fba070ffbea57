"""Counts test cases in the test.xml files that Bazel leaves: prints "PASSED FAILED" and names what failed on standard error.

usage: count_tests.py BAZEL-TESTLOGS TARGET...
A target without a readable report counts as one failure: a crashed test must not vanish from the sum.
"""

import os
import sys
import xml.etree.ElementTree


def Count(report):
    passed, failed = 0, []
    for suite in xml.etree.ElementTree.parse(report).getroot().iter("testsuite"):
        for case in suite.findall("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(f"{case.get('classname')}.{case.get('name')}")
            elif case.get("status") != "notrun" and case.find("skipped") is None:
                passed += 1
    return passed, failed


def main():
    logs, targets = sys.argv[1], sys.argv[2:]
    passed = failed = 0
    for target in targets:
        directory = os.path.join(logs, target.removeprefix("//").replace(":", "/"))
        try:
            # A sharded test has a report a shard.
            reports = [os.path.join(where, "test.xml")
                       for where, _, files in os.walk(directory) if "test.xml" in files]
            if not reports:
                raise FileNotFoundError(f"no report under {directory}")
            for report in reports:
                good, bad = Count(report)
                passed += good
                failed += len(bad)
                for name in bad:
                    print(f"failed: {target} {name}", file=sys.stderr)
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            failed += 1
            print(f"failed: {target}: {error}", file=sys.stderr)
    print(passed, failed)


main()
