#!/usr/bin/env bash
# Runs every test of this repository, on a fresh Debian machine with the .NET 10 SDK and root as well as on a machine where it
# ran before: sets up the lab (real Asterisk 22 and 16, PostgreSQL, an S3 server), builds, runs all suites, takes the lab down again. The
# last suite is the demonstration (./demo.sh --check, in a lab of its own); it counts as one test.
#
#   ./test.sh                       everything
#   ./test.sh --keep-lab            leave the lab running (faster the next time; tests/lab/lab down ends it)
#   ./test.sh Core Adapters Host    only these suites; also Demo
set -euo pipefail
cd "$(dirname "$0")"

keep_lab=no
suites=()
for argument in "$@"; do
  case $argument in
    --keep-lab) keep_lab=yes ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    Core | Adapters | Host | Demo) suites+=("$argument") ;;
    *) echo "test.sh: unknown argument '$argument' (see --help)" >&2; exit 2 ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=(Core Adapters Host Demo)

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
tests/lab/lab up asterisk22 asterisk16 postgres s3
# With the lab up, a test that finds none has no excuse: it fails instead of being skipped.
export IVRCONSENT_LAB_REQUIRED=1

# What others wrote, to check ours with: a JSON-LD library for exported records, age for encrypted files, openssl for signatures.
packages=()
/usr/bin/python3 -c 'import pyld' 2>/dev/null || packages+=(python3-pyld)
command -v age >/dev/null || packages+=(age)
command -v openssl >/dev/null || packages+=(openssl)
if [ ${#packages[@]} -gt 0 ]; then
  echo "test.sh: installing ${packages[*]}"
  { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$output/apt.log" 2>&1 || { cat "$output/apt.log" >&2; exit 1; }
fi

echo "== build"
dotnet build IvrConsent.sln -c Release -v quiet -clp:ErrorsOnly

passed=0 failed=0 skipped=0
for suite in "${suites[@]}"; do
  if [ "$suite" = Demo ]; then
    echo "== ./demo.sh --check"
    if env -u IVRCONSENT_LAB_DIR -u IVRCONSENT_LAB_ENV -u IVRCONSENT_LAB_PORT_BASE ./demo.sh --check; then
      passed=$((passed + 1))
    else
      echo "test.sh: the demonstration failed" >&2
      failed=$((failed + 1))
    fi
    continue
  fi
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

# Said again at the end, because whoever reads a long run reads its last lines first.
if [ "$failed" -gt 0 ]; then
  echo "== what failed"
  for suite in "${suites[@]}"; do
    [ -e "$output/$suite.log" ] || continue
    awk -v suite="$suite" '
      / \[FAIL\]$/ { print suite ": " $0; left = 14; next }
      / \[[A-Z]+\]$/ || /^   *(Starting|Finished):/ { left = 0 }
      left > 0 { print; left-- }' "$output/$suite.log" | cut -c 1-400 | head -n 120
  done
fi

if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
