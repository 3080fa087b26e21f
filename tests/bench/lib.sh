# What the benchmarks of this folder share. Sourced by them; does nothing by itself.
# shellcheck shell=bash

shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
lab=$repo/tests/lab/lab
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }
say() { printf '== %s\n' "$*"; }
whole() { [[ ${2:-} =~ ^[1-9][0-9]{0,4}$ ]] || die "$1 wants a whole number from 1 to 99999"; }
# The comment at the script's top.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# The lab's folder and ports, if the caller of the script does not say others: they are not the tests' own.
lab_in() { # FOLDER
  export IVRCONSENT_LAB_DIR=${IVRCONSENT_LAB_DIR:-$1/lab} IVRCONSENT_LAB_PORT_BASE=${IVRCONSENT_LAB_PORT_BASE:-37000}
  export IVRCONSENT_LAB_ENV=$IVRCONSENT_LAB_DIR/lab.env
}

# --- Measured by tests that are not run with the others ----------------------------------------------------------------

build_tests() {
  lab_in "$here/.work"
  export IVRCONSENT_LAB_REQUIRED=1
  dotnet build "$repo/tests/IvrConsent.Adapters.Tests" -c Release -v q -clp:ErrorsOnly || die "the build failed"
}

run_tests() { # ARGUMENT...: 1 where one of them fails
  dotnet exec "$repo/tests/IvrConsent.Adapters.Tests/bin/Release/net10.0/IvrConsent.Adapters.Tests.dll" -noColor -diagnostics "$@" || exit 1
}

postgres_up() { # until the script ends
  mkdir -p "$IVRCONSENT_LAB_DIR"
  "$lab" up postgres || exit 2
  trap '"$lab" down' EXIT
}

# --- Measured in real calls through a worker ----------------------------------------------------------------------------

keep=no worker='' ivrconsent=()

# A folder that this run has for itself, and in it a lab with Asterisk 22. At the end of the script the worker is stopped, and all goes.
take() { # FOLDER
  [[ $(id -u) == 0 ]] || die "needs root, as the lab does"
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: install it so that 'dotnet' is on the PATH"
  work=$1 run=$1/run
  lab_in "$work"
  # Beside the lab's own ports.
  http_port=$((IVRCONSENT_LAB_PORT_BASE + 90))
  mkdir -p "$work"
  exec 9>"$work/lock"
  flock -n 9 || die "another run holds $work/lock"
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  rm -rf "$run"
  mkdir -p "$run"
  say "lab"
  "$lab" up asterisk22 9>&-
  # shellcheck disable=SC1091 # written by the lab
  . "$IVRCONSENT_LAB_DIR/lab.env"
}

finish() {
  local code=$?
  trap - EXIT INT TERM
  stop_worker
  if [[ $keep == yes ]]; then
    echo "${0##*/}: logs, ledger and recordings are in $work; end the lab with IVRCONSENT_LAB_DIR=$IVRCONSENT_LAB_DIR $lab down"
  else
    "$lab" clean >/dev/null 9>&- || true
    # With something wrong, the logs stay; there are no callers in them but ours.
    [[ $code != 0 ]] || rm -rf "$run" "$work/publish" "$work/floor"
  fi
  exit "$code"
}

write_settings() { # with notices and lines from standard input
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
$(cat)
YAML
  "${ivrconsent[@]}" keys init -c "$run/ivrconsent.yaml" >/dev/null
}

start_worker() { # and waits until it is ready
  "${ivrconsent[@]}" serve -c "$run/ivrconsent.yaml" >"$run/worker.log" 2>&1 9>&- &
  worker=$!
  local i
  for ((i = 0; i < 60; i++)); do
    sleep 0.5
    if "${ivrconsent[@]}" health -c "$run/ivrconsent.yaml" >/dev/null 2>&1 9>&-; then return; fi
    kill -0 "$worker" 2>/dev/null || break
  done
  tail -n 20 "$run/worker.log" >&2
  die "the worker did not get ready"
}

stop_worker() {
  [[ -n $worker ]] || return 0
  kill -TERM "$worker" 2>/dev/null || true
  local i
  for ((i = 0; i < 150; i++)); do
    kill -0 "$worker" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$worker" 2>/dev/null || true
  wait "$worker" 2>/dev/null || true
  worker=
}
