#!/usr/bin/env bash
# Measures a withdrawal: from the last key of *9 to the last recorded sample, in real calls on Asterisk 22 through the worker, the
# caller bridged to an agent's phone. Debian as root, with the .NET 10 SDK; README.md beside this file says how to read it.
#
#   tests/bench/withdraw.sh            40 calls, two at a time
#     --calls N                        measured calls
#     --at-once N                      calls at the same time
#     --keep                           leave the lab running and log, ledger and recordings in tests/bench/.work-withdraw
#
# Exit code: 0 all calls right (whatever the figures), 1 some call failed, 2 it could not be measured.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

calls=40 at_once=2
while [[ $# -gt 0 ]]; do
  case $1 in
    --calls) whole "$@"; calls=$2; shift 2 ;;
    --at-once) whole "$@"; at_once=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown argument '$1' (see --help)" ;;
  esac
done

take "$here/.work-withdraw"

say "build"
for project in src/IvrConsent.Host tests/bench/Withdrawals; do
  dotnet build "$repo/$project" -c Release -v quiet -clp:ErrorsOnly 9>&- || die "the build of $project failed"
done
program=$repo/src/IvrConsent.Host/bin/Release/net10.0/ivrconsent.dll

ivrconsent=(dotnet "$program")
write_settings <<YAML
notices:
  recording: { version: "1" }
lines:
  # Kept, so that there is something to measure.
  - { name: demo, language: en, in_call: { on_withdraw: keep } }
YAML

say "worker"
start_worker

say "$calls calls, $at_once at the same time (load average $(cut -d' ' -f1-3 /proc/loadavg))"
code=0
dotnet "$here/Withdrawals/bin/Release/net10.0/bench-withdrawals.dll" --sip "$LAB_AST22_SIP" --worker "$program" \
  --config "$run/ivrconsent.yaml" --recordings "$LAB_AST22_RECORDINGS" --calls "$calls" --at-once "$at_once" \
  --json "$here/withdraw.json" 9>&- || code=$?
[[ $code -le 1 ]] || die "nothing was measured; see $run/worker.log"
exit "$code"
