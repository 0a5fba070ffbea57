#!/usr/bin/env bash
# Test suites of others, natively and under provost: the same results are the bar. Installs what they need.
# usage: tests/suites.sh [--short] [NAME...]; see tests/programs/suites --help, and tests/programs/run_all for CPython's
exec "$(dirname "$(readlink -f "$0")")/programs/suites" --install "$@"
