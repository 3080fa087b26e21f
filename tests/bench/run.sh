#!/usr/bin/env bash
# Measures what IvrConsent costs and how fast it is, beside a dialplan that does the same job without it: real Asterisk 22, SIPp
# as the caller, SQLite with synchronous=FULL. Straight after clone, on Debian as root, with the .NET 10 SDK; README.md beside
# this file says what is measured and how to read it.
#
#   tests/bench/run.sh               400 calls, 20 a second, on each side
#   tests/bench/run.sh --quick       100 calls: to see that it works
#     --calls N                      measured calls on each side
#     --rate N                       calls begun each second
#     --warm-up N                    calls on each side before the measured ones
#     --keep                         leave the lab running and the logs, ledger and recordings in tests/bench/.work
#
# Exit code: 0 all calls right (whatever the figures), 1 some call failed, 2 it could not be measured.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

calls=400 rate=20 warm_up=100
while [[ $# -gt 0 ]]; do
  case $1 in
    --calls) whole "$@"; calls=$2; shift 2 ;;
    --rate) whole "$@"; rate=$2; shift 2 ;;
    --warm-up) whole "$@"; warm_up=$2; shift 2 ;;
    --quick) calls=100 warm_up=40; shift ;;
    --keep) keep=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown argument '$1' (see --help)" ;;
  esac
done

take "$here/.work"
sipp_port=$((IVRCONSENT_LAB_PORT_BASE + 500))
media_port=$((IVRCONSENT_LAB_PORT_BASE + 600))
pbx=$(cat "$LAB_AST22_PROCESS_PID_FILE")

if ! command -v python3 >/dev/null; then
  say "installing python3"
  { apt-get update && apt-get install -y --no-install-recommends python3; } >"$work/apt.log" 2>&1 || die "see $work/apt.log"
fi

say "build (as the Dockerfile does: Release, ReadyToRun)"
rid=linux-x64
[[ $(uname -m) != aarch64 ]] || rid=linux-arm64
rm -rf "$work/publish" "$work/floor"
timeout 580 dotnet publish "$repo/src/IvrConsent.Host" -c Release -r "$rid" --no-self-contained -o "$work/publish" \
  -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/packages.lock.json -v quiet -clp:ErrorsOnly 9>&- || die "the build failed"

timeout 300 dotnet publish "$here/Floor" -c Release -r "$rid" --no-self-contained -o "$work/floor" \
  -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/packages.lock.json -v quiet -clp:ErrorsOnly 9>&- || die "the build failed"

ivrconsent=("$work/publish/ivrconsent")
write_settings <<YAML
notices:
  recording: { version: "1", prompt: notice }
lines:
  - name: demo
    numbers: ["106"]
    language: en
    notice: recording
YAML

# --- Measuring ---------------------------------------------------------------------------------------------------------

start_floor() {
  "$work/floor/bench-floor" "$LAB_AST22_ARI/ari" "$LAB_ARI_USER" "$LAB_ARI_PASSWORD_FILE" \
    "sound:$LAB_AST22_SOUNDS/prompts/en/notice" "sound:$LAB_AST22_SOUNDS/prompts/en/accepted" >"$run/floor.log" 2>&1 9>&- &
  worker=$!
  local i
  for ((i = 0; i < 50; i++)); do
    sleep 0.2
    if grep -q ready "$run/floor.log"; then return; fi
    kill -0 "$worker" 2>/dev/null || break
  done
  tail -n 20 "$run/floor.log" >&2
  die "the least did not start"
}

# Processor time of a process so far, user and system, all its threads (the ended ones too) and waited-for children, in ticks.
ticks() { # PID
  local stat
  stat=$(<"/proc/$1/stat")
  # The fields behind the name in brackets, which may hold spaces.
  read -ra stat <<<"${stat##*) }"
  echo $((stat[11] + stat[12] + stat[13] + stat[14]))
}

place() { # CALLS NUMBER CALLER NAME: SIPp places the calls; its statistics are in NAME.stat.csv and NAME.rtt.csv
  local code=0
  (
    cd "$run"
    # The time limits only keep a stuck run from staying for ever.
    exec timeout $(($1 / rate + 90)) sipp -sf "$here/call.xml" -s "$2" -key caller "$3" -m "$1" -r "$rate" -l 10000 \
      -i 127.0.0.1 -p "$sipp_port" -mi 127.0.0.1 -mp "$media_port" -recv_timeout 10000 -nostdin \
      -trace_stat -stf "$4.stat.csv" -fd 3600 -trace_rtt -rtt_freq 1 -trace_err -error_file "$4.errors.log" \
      "$LAB_AST22_SIP" >"$4.sipp.log" 2>&1 9>&-
  ) || code=$?
  # 1: some calls failed, which is for the evaluation to count.
  [[ $code -le 1 ]] || die "SIPp ended with $code; see $run/$4.sipp.log and $run/$4.errors.log"
  mv "$run"/call_*_rtt.csv "$run/$4.rtt.csv"
  # Until the last call's end is in the ledger or the log.
  sleep 2
}

measure() { # SIDE NUMBER
  local pbx_before worker_before=0 worker_after=0 began
  echo "$warm_up calls of warm-up, not measured"
  place "$warm_up" "$2" +4822000 "$1-warm-up"
  # What MixMonitor made is told from the measured calls' by not being there any more.
  [[ $1 != dialplan ]] || rm -f "$LAB_AST22_MONITOR"/*.wav
  pbx_before=$(ticks "$pbx")
  [[ -z $worker ]] || worker_before=$(ticks "$worker")
  began=$(date +%s.%N)
  echo "$calls calls, $rate a second (load average $(cut -d' ' -f1-3 /proc/loadavg))"
  place "$calls" "$2" +4822111 "$1"
  [[ -z $worker ]] || worker_after=$(ticks "$worker")
  cat >"$run/$1.usage" <<TEXT
seconds=$(python3 -c "print(f'{$(date +%s.%N) - $began:.1f}')")
pbx_ticks=$(($(ticks "$pbx") - pbx_before))
worker_ticks=$((worker_after - worker_before))
load=$(cut -d' ' -f1 /proc/loadavg)
TEXT
  [[ -z $worker ]] || grep -E '^Vm(RSS|HWM):' "/proc/$worker/status" >"$run/memory"
  local left
  left=$("$lab" cli asterisk22 -- core show channels count 9>&- | sed -n 's/^\([0-9]*\) active calls\{0,1\}$/\1/p')
  [[ $left == 0 ]] || echo "bench: $left calls are still up on the PBX" >&2
}

say "the dialplan alone (extension 136: Read, MixMonitor, a line in the log)"
measure dialplan 136

say "the least: the same call over ARI with nothing of a worker in it (extension 106)"
start_floor
measure floor 106
stop_worker
made=$(find "$LAB_AST22_RECORDINGS" -name 'floor-*.wav' | wc -l)
[[ $made == $((warm_up + calls)) ]] || die "the least recorded $made of $((warm_up + calls)) calls: its figure would say nothing"
rm -f "$LAB_AST22_RECORDINGS"/floor-*.wav

say "IvrConsent (extension 106)"
start_worker
measure ivrconsent 106
# As operations would read it.
"${ivrconsent[@]}" events export --reveal-numbers --reason bench -c "$run/ivrconsent.yaml" -o "$run/events.json" >/dev/null

cat >"$run/about" <<TEXT
asterisk=$("$lab" cli asterisk22 -- core show version 9>&- | cut -d' ' -f1,2)
sipp=$({ sipp -v || true; } | sed -n 's/^ *\(SIPp v[^ ]*[0-9A-Z]\)\.\{0,1\}$/\1/p' | head -n1)
dotnet=$(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \(10[^ ]*\).*/\1/p' | tail -n1)
warnings=$(grep -cE '^[^ ]+ (warn|error|crit) ' "$run/worker.log" || true)
commit=$(git -C "$repo" describe --always --dirty 2>/dev/null || echo unknown)
TEXT
stop_worker

say "results"
python3 "$here/evaluate.py" report --run "$run" --calls "$calls" --rate "$rate" --warm-up "$warm_up" --ticks "$(getconf CLK_TCK)" \
  --recordings "$LAB_AST22_RECORDINGS" --monitor "$LAB_AST22_MONITOR" --json "$here/results.json"
