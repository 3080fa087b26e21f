#!/usr/bin/env bash
# How long it takes to seal and to verify a large ledger in SQLite, and how large it is. Fills it past the program, in bulk, with
# calls of five events as calls have them, then seals and verifies it by the program. Needs the .NET 10 SDK, python3, and 10 GB of disk
# for 10 million events.
#
#   tests/bench/ledger.sh [EVENTS]     default 10000000
#
# Exit code: 0 verified (whatever the time), else 1.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

events=${1:-10000000}
case $events in -h | --help) usage; exit 0 ;; esac
[[ $events =~ ^[1-9][0-9]{0,8}$ ]] || die "'$events' is no number of events"

work=$here/.work/ledger
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
[[ -n ${IVRCONSENT_BENCH_BUILT:-} ]] || dotnet build "$repo/src/IvrConsent.Host" -c Release -v quiet -clp:ErrorsOnly
# A copy: whoever builds meanwhile does not change what is measured.
cp -r "$repo/src/IvrConsent.Host/bin/Release/net10.0" "$work/program"
ivrconsent() { dotnet "$work/program/ivrconsent.dll" "$@" -c "$work/ivrconsent.yaml"; }
cat >"$work/ivrconsent.yaml" <<YAML
database: { connection: ledger.db, spool: spool }
pbx: [{ name: main, url: "http://127.0.0.1:8088", password: none-is-needed }]
notices: { recording: { version: "1" } }
lines: [{ name: demo }]
YAML
chmod 600 "$work/ivrconsent.yaml"
ivrconsent keys init >/dev/null
ivrconsent migrate >/dev/null

say "filling: $events events"
python3 - "$work/ledger.db" "$events" <<'PYTHON'
import json, sqlite3, sys, uuid
file, events = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(file, isolation_level=None)
# It asks of every row whether the next position is its own, which is what this bulk knows.
trigger = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_no_replace'").fetchone()[0]
db.execute("PRAGMA synchronous = OFF")
db.execute("PRAGMA cache_size = -500000")
db.execute("DROP TRIGGER events_no_replace")
sha = "3f" * 32
facts = [
    ("CallArrived", {"pbx": "main", "channel": "1764150000.17", "line": "demo", "worker": "worker-1"}),
    ("NoticePlayed", {"notice": "recording", "version": "1", "prompt": "notice", "language": "en", "sha256": sha, "audio_ms": 7200, "heard_ms": 7200, "ended_by_key": False, "started_at": "2026-11-26T10:00:01.234+00:00"}),
    ("ConsentGiven", {"key": "1", "key_at": "2026-11-26T10:00:09.876+00:00", "attempt": 1, "wrong_keys": 0, "mode": "Explicit", "purposes": ["quality", "training"]}),
    ("RecordingStarted", {"recording": "ivrc-0195a5a0000080008000000000000000", "format": "wav", "started_at": "2026-11-26T10:00:10.012+00:00"}),
    ("CallEnded", {"consent": "Given", "termination": "Completed", "recorded": True, "duration_ms": 123456, "cause": 16}),
]
facts = [(name, json.dumps({"type": name, **body}, separators=(",", ":"))) for name, body in facts]
def rows():
    for position in range(1, events + 1):
        n, step = divmod(position - 1, 5)
        ms = 1767225600000 + n * 200
        second, rest = divmod(ms // 1000, 60)[1], ms % 1000
        at = f"2026-{1 + n // 200000 % 12:02}-{1 + n // 10000 % 28:02}T{n // 600 % 24:02}:{n // 10 % 60:02}:{second:02}.{rest:03}Z"
        call = f"{ms:012x}8000{n:016x}"
        yield position, f"{ms + step:012x}7000{position:016x}", call, step + 1, at, facts[step][0], facts[step][1]
db.execute("BEGIN")
db.executemany("INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) VALUES (?, ?, ?, ?, ?, ?, ?)", rows())
db.execute("COMMIT")
db.execute(trigger)
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
PYTHON
echo "file before sealing: $(($(stat -c %s "$work/ledger.db") / 1048576)) MiB, $(($(stat -c %s "$work/ledger.db") / events)) bytes an event"
if [[ -w /proc/sys/vm/drop_caches ]]; then sync; echo 3 >/proc/sys/vm/drop_caches || true; fi

seconds() { # COMMAND...
  local began=$EPOCHREALTIME
  "$@"
  python3 -c "print(f'   {$EPOCHREALTIME - $began:.1f} s, load $(cut -d' ' -f1 /proc/loadavg), $(nproc) processors')"
}
say "sealing all of it"
seconds ivrconsent ledger seal
echo "file: $(($(stat -c %s "$work/ledger.db") / 1048576)) MiB"
say "verifying all of it"
seconds ivrconsent ledger verify
