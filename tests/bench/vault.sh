#!/usr/bin/env bash
# What the vault costs and stands. First how long a call of 8 hours takes on its way into it, and how much memory, beside Debian's age
# encrypting the same file. Then a worker that takes in, sweeps and erases is killed 100 times at random moments, on SQLite and on the
# lab's PostgreSQL, and it is looked whether anything was lost, was there twice, or lay about in clear. Debian as root, with the .NET 10
# SDK; needs about 2 GB of disk under the folder for temporary files.
#
#   tests/bench/vault.sh [--hours N] [--kills N]      default 8 and 100; 0 kills: none
#
# Exit code: 0 nothing was lost (whatever the figures), 1 something was, 2 it could not be measured.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export IVRCONSENT_BENCH_HOURS=8 IVRCONSENT_KILL_ROUNDS=100
while [[ $# -gt 0 ]]; do
  case $1 in
    --hours) [[ ${2:-} =~ ^[1-9][0-9]?$ ]] || die "--hours wants a whole number from 1"; IVRCONSENT_BENCH_HOURS=$2; shift 2 ;;
    --kills) [[ ${2:-} =~ ^[0-9]{1,4}$ ]] || die "--kills wants a whole number"; IVRCONSENT_KILL_ROUNDS=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown argument '$1' (see --help)" ;;
  esac
done

if ! command -v age >/dev/null; then
  said=$(apt-get update 2>&1 && apt-get install -y --no-install-recommends age 2>&1) || die "age could not be installed: $said"
fi
build_tests
say "a long call"
run_tests -explicit only -class '*TakeInSpeed'
if [[ $IVRCONSENT_KILL_ROUNDS -gt 0 ]]; then
  say "killed $IVRCONSENT_KILL_ROUNDS times on each database"
  postgres_up
  # One after the other: two at a time slow each other until no kill meets anybody at work.
  run_tests -class '*SqliteVaultKillTests'
  run_tests -class '*PostgresVaultKillTests'
fi
