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
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)

die() { printf 'withdraw: %s\n' "$*" >&2; exit 2; }
say() { printf '== %s\n' "$*"; }

calls=40 at_once=2 keep=no
whole() { [[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || die "$1 wants a whole number from 1 to 9999"; }
while [[ $# -gt 0 ]]; do
  case $1 in
    --calls) whole "$@"; calls=$2; shift 2 ;;
    --at-once) whole "$@"; at_once=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument '$1' (see --help)" ;;
  esac
done

[[ $(id -u) == 0 ]] || die "needs root, as the lab does"
command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: install it so that 'dotnet' is on the PATH"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

work=$here/.work-withdraw
export IVRCONSENT_LAB_DIR=${IVRCONSENT_LAB_DIR:-$work/lab}
export IVRCONSENT_LAB_PORT_BASE=${IVRCONSENT_LAB_PORT_BASE:-37000}
# Beside the lab's own ports.
http_port=$((IVRCONSENT_LAB_PORT_BASE + 90))
lab=$repo/tests/lab/lab

mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || die "another run holds $work/lock"

worker=
finish() {
  local code=$?
  trap - EXIT INT TERM
  if [[ -n $worker ]]; then
    kill -TERM "$worker" 2>/dev/null || true
    wait "$worker" 2>/dev/null || true
  fi
  if [[ $keep == yes ]]; then
    echo "withdraw: log, ledger and recordings are in $work; end the lab with IVRCONSENT_LAB_DIR=$IVRCONSENT_LAB_DIR $lab down"
  else
    "$lab" clean >/dev/null 9>&- || true
    # With something wrong, log and ledger stay; there are no callers in them but ours.
    [[ $code != 0 ]] || rm -rf "$work/run"
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run=$work/run
rm -rf "$run"
mkdir -p "$run"

say "lab"
"$lab" up asterisk22 9>&-
# shellcheck disable=SC1091 # written by the lab
. "$IVRCONSENT_LAB_DIR/lab.env"

say "build"
for project in src/IvrConsent.Host tests/bench/Withdrawals; do
  dotnet build "$repo/$project" -c Release -v quiet -clp:ErrorsOnly 9>&- || die "the build of $project failed"
done
program=$repo/src/IvrConsent.Host/bin/Release/net10.0/ivrconsent.dll

cat >"$run/ivrconsent.yaml" <<YAML
http: { listen: 127.0.0.1:$http_port }
database: { connection: $run/ledger.db, spool: $run/spool }
keys: { folder: $run/keys }
prompts: { folder: $LAB_AST22_SOUNDS/prompts }
pbx:
  - name: lab
    url: $LAB_AST22_ARI
    username: $LAB_ARI_USER
    password_file: $LAB_ARI_PASSWORD_FILE
    recordings_folder: $LAB_AST22_RECORDINGS
notices:
  recording: { version: "1" }
lines:
  # Kept, so that there is something to measure.
  - { name: demo, language: en, in_call: { on_withdraw: keep } }
YAML
dotnet "$program" keys init -c "$run/ivrconsent.yaml" >/dev/null

say "worker"
dotnet "$program" serve -c "$run/ivrconsent.yaml" >"$run/worker.log" 2>&1 9>&- &
worker=$!
for _ in $(seq 60); do
  if dotnet "$program" health -c "$run/ivrconsent.yaml" >/dev/null 2>&1; then ready=yes; break; fi
  kill -0 "$worker" 2>/dev/null || break
  sleep 0.5
done
[[ ${ready:-no} == yes ]] || { tail -n 20 "$run/worker.log" >&2; die "the worker did not get ready"; }

say "$calls calls, $at_once at the same time (load average $(cut -d' ' -f1-3 /proc/loadavg))"
code=0
dotnet "$here/Withdrawals/bin/Release/net10.0/bench-withdrawals.dll" --sip "$LAB_AST22_SIP" --worker "$program" \
  --config "$run/ivrconsent.yaml" --recordings "$LAB_AST22_RECORDINGS" --calls "$calls" --at-once "$at_once" \
  --json "$here/withdraw.json" 9>&- || code=$?
[[ $code -le 1 ]] || die "nothing was measured; see $run/worker.log"
exit "$code"
