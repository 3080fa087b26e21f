#!/usr/bin/env bash
# The main job, for real, on this machine: a real Asterisk in a folder, the worker with SQLite and a vault of
# encrypted recordings, and three scripted callers; one accepts, one declines, one says nothing. Prints each call's way and its entries in the ledger, then waits for your own call.
#
#   ./demo.sh            set up, three calls, then wait (Ctrl+C ends everything)
#   ./demo.sh --check    the same without waiting; exit code 0 only if ledger and recordings are as they must be
#
# Needs root and the .NET 10 SDK on Debian; installs what else it needs (debootstrap, SoX, …) with apt. Safe to repeat; everything
# it makes is in .demo/ and in the lab's cache.
set -euo pipefail
cd "$(dirname "$0")"

check=no
case ${1:-} in
  '') ;;
  --check) check=yes ;;
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "demo.sh: unknown argument '$1' (see --help)" >&2; exit 2 ;;
esac
command -v dotnet >/dev/null || { echo "demo.sh: the .NET 10 SDK is missing: install it so that 'dotnet' is on the PATH" >&2; exit 2; }
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

demo=$PWD/.demo
# A lab of its own, beside the tests' lab: both can run at once.
export IVRCONSENT_LAB_DIR=$demo/lab IVRCONSENT_LAB_PORT_BASE=${IVRCONSENT_DEMO_PORT_BASE:-22000}
http=$((IVRCONSENT_LAB_PORT_BASE + 90))
worker_pid=

finish() {
  trap - EXIT INT TERM
  if [ -n "$worker_pid" ] && kill -0 "$worker_pid" 2>/dev/null; then
    kill -TERM "$worker_pid"
    wait "$worker_pid" || true
  fi
  tests/lab/lab down || true
}
trap finish EXIT
trap 'exit 130' INT TERM

echo "== A real Asterisk in a folder"
tests/lab/lab up asterisk22
. "$IVRCONSENT_LAB_DIR/lab.env"

echo "== Building the worker"
dotnet build src/IvrConsent.Host -c Release -v quiet -clp:ErrorsOnly
dotnet build tests/lab/Callers -c Release -v quiet -clp:ErrorsOnly
worker=src/IvrConsent.Host/bin/Release/net10.0/ivrconsent.dll

echo "== Settings: $demo/ivrconsent.yaml"
rm -rf "$demo/data"
mkdir -p "$demo/data"
# The vault's folder: for the worker's user alone.
install -d -m 700 "$demo/data/vault"
cat > "$demo/ivrconsent.yaml" <<SETTINGS
worker: { name: demo }
http: { listen: 127.0.0.1:$http }
database: { connection: data/ledger.db, spool: data/spool }
keys: { folder: data/keys }
vault: { store: folder, folder: data/vault }
prompts: { folder: $PWD/prompts }
pbx:
  - name: lab
    url: $LAB_AST22_ARI
    username: $LAB_ARI_USER
    password_file: $LAB_ARI_PASSWORD_FILE
notices:
  recording: { version: "1" }
parties:
  example: { name: Example Ltd, address: "1 Example Street, 00-001 Example", country: PL, contact: privacy@example.org }
records: { storage_locations: [PL], recipients: [], withdrawal: "Write to privacy@example.org.", rights: [withdraw, access, erasure, complaint] }
purposes:
  quality: { retention_days: 30, texts: { en: "improving the quality of our service" } }
lines:
  - name: demo
    numbers: ["100"]
    language: en
    country: PL
    purposes: [quality]
SETTINGS
dotnet "$worker" keys init --config "$demo/ivrconsent.yaml"
dotnet "$worker" check-config --config "$demo/ivrconsent.yaml" | grep -v '^warning: .*placeholder' || true

echo "== Starting the worker (log: $demo/worker.log)"
dotnet "$worker" serve --config "$demo/ivrconsent.yaml" > "$demo/worker.log" 2>&1 &
worker_pid=$!
for _ in $(seq 60); do
  if dotnet "$worker" health --config "$demo/ivrconsent.yaml" > /dev/null 2>&1; then ready=yes; break; fi
  kill -0 "$worker_pid" 2>/dev/null || break
  sleep 0.5
done
[ "${ready:-no}" = yes ] || { cat "$demo/worker.log" >&2; echo "demo.sh: the worker did not get ready" >&2; exit 1; }

echo "== Three calls"
code=0
dotnet tests/lab/Callers/bin/Release/net10.0/lab-callers.dll \
  --sip "$LAB_AST22_SIP" --worker "$worker" --config "$demo/ivrconsent.yaml" \
  --recordings "$LAB_AST22_RECORDINGS" --notice prompts/en/notice.wav || code=$?

echo
echo "== The way of each call, from the worker's log"
grep -E ' [0-9a-f]{32} ' "$demo/worker.log" | sort -k3,3 -s || true

if [ "$check" = yes ]; then
  exit "$code"
fi
cat <<END

Recordings             encrypted in $demo/data/vault; list and hear them:
                       dotnet $worker recordings list --config $demo/ivrconsent.yaml
                       dotnet $worker recordings export NAME --reason "to hear it" --out call.wav --config $demo/ivrconsent.yaml
The ledger             dotnet $worker events list --config $demo/ivrconsent.yaml
Health                 http://127.0.0.1:$http/readyz
Call it yourself       point a softphone on this machine at sip:100@$LAB_AST22_SIP (UDP, no account, G.711 or G.722), press 1 or 2
The log goes on below. Ctrl+C ends everything.

END
tail -n 0 -f "$demo/worker.log" --pid "$worker_pid"
