#!/usr/bin/env bash
# Runs every test of this repository, on a fresh Debian machine with the .NET 10 SDK and root as well as on a machine where it
# ran before: sets up the lab (real Asterisk 22 and 16, PostgreSQL), builds, runs all suites, takes the lab down again.
#
#   ./test.sh                       everything
#   ./test.sh --keep-lab            leave the lab running (faster the next time; tests/lab/lab down ends it)
#   ./test.sh Core Adapters Host    only these suites
set -euo pipefail
cd "$(dirname "$0")"

keep_lab=no
suites=()
for argument in "$@"; do
  case $argument in
    --keep-lab) keep_lab=yes ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    Core | Adapters | Host) suites+=("$argument") ;;
    *) echo "test.sh: unknown argument '$argument' (see --help)" >&2; exit 2 ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=(Core Adapters Host)

command -v dotnet >/dev/null || { echo "test.sh: the .NET 10 SDK is missing: install it so that 'dotnet' is on the PATH" >&2; exit 2; }
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

export IVRCONSENT_LAB_DIR=${IVRCONSENT_LAB_DIR:-$PWD/.lab}
export IVRCONSENT_LAB_ENV=$IVRCONSENT_LAB_DIR/lab.env
output=$(mktemp -d)
finish() {
  [ "$keep_lab" = yes ] || tests/lab/lab down || true
  rm -rf "$output"
}
trap finish EXIT

echo "== lab"
tests/lab/lab up asterisk22 asterisk16 postgres
# With the lab up, a test that finds none has no excuse: it fails instead of being skipped.
export IVRCONSENT_LAB_REQUIRED=1

echo "== build"
dotnet build IvrConsent.sln -c Release -v quiet -clp:ErrorsOnly

passed=0 failed=0 skipped=0
for suite in "${suites[@]}"; do
  echo "== IvrConsent.$suite.Tests"
  log=$output/$suite.log
  code=0
  dotnet exec "tests/IvrConsent.$suite.Tests/bin/Release/net10.0/IvrConsent.$suite.Tests.dll" -noColor 2>&1 | tee "$log" || code=${PIPESTATUS[0]}
  summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1 || true)
  if [ -z "$summary" ]; then
    echo "test.sh: $suite did not finish (exit code $code)" >&2
    failed=$((failed + 1))
    continue
  fi
  number() { sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$summary"; }
  bad=$(($(number Failed) + $(number Errors)))
  [ "$code" = 0 ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + $(number Total) - $(number Failed) - $(number Skipped) - $(number 'Not Run')))
  failed=$((failed + bad))
  skipped=$((skipped + $(number Skipped)))
done

if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
