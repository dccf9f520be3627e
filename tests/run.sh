#!/usr/bin/env bash
# Sets up what the tests need and runs every test. Last line: "N passed, N failed, N skipped", summed from the test results.
#   bash tests/run.sh            everything
#   bash tests/run.sh --fast     leaves out the benchmarks and the demo's check
# Exit code: 0 when nothing failed (and, under CI=true, no peer program was missing), 1 otherwise.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/setup.sh

fast=false
[ "${1:-}" = "--fast" ] && fast=true
results="$PWD/artifacts/test-results"
rm -rf "$results"
mkdir -p "$results"
failed_steps=0

say() { printf '\n== %s\n' "$*"; }

say "Set-up"
setup_peers || exit 1

say "Build"
dotnet build IotProperty.sln -c Release --nologo -v quiet || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

for project in Protocols Simulators Edge Hub System; do
  say "$project.Tests"
  # A failing test is counted from the results; a run that ends badly without showing one (a crash, nothing to run) counts as one failure.
  if ! dotnet test "tests/$project.Tests" -c Release --no-build --nologo -v quiet \
    --logger "trx;LogFileName=$project.trx" --logger "console;verbosity=minimal" --results-directory "$results" &&
    ! grep -q '<UnitTestResult [^>]*outcome="Failed"' "$results/$project.trx"; then
    echo "$project.Tests broke off"
    failed_steps=$((failed_steps + 1))
  fi
done

checks_passed=0
check() { # what, command…
  say "$1"
  shift
  if "$@"; then checks_passed=$((checks_passed + 1)); else failed_steps=$((failed_steps + 1)); fi
}

if ! $fast; then
  # Floors are judged on a quiet machine by hand; here each benchmark only has to run.
  check "Benchmarks, short rounds" dotnet run --project tests/Benchmarks -c Release --no-build -- --quick --show-only
  check "Demo's check" bash deploy/demo.sh --check
fi

say "Result"
node tests/sum-results.mjs "$results" --passed "$checks_passed" --failed "$failed_steps"
