#!/usr/bin/env bash
# Measures the erasure of a person with 1,000 recordings among a million, on SQLite and on the lab's PostgreSQL: decisions, keys,
# files, an entry in the ledger each, the number's mapping, the certificate. Debian as root, with the .NET 10 SDK.
#
#   tests/bench/erasure.sh [RECORDINGS]      default 1000000, at least 1000
#
# Exit code: 0 all was erased (whatever the figures), 1 it was not, 2 it could not be measured.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ ${1:-} == -h || ${1:-} == --help ]] && { usage; exit 0; }
export IVRCONSENT_BENCH_RECORDINGS=${1:-1000000}
[[ $IVRCONSENT_BENCH_RECORDINGS =~ ^[1-9][0-9]{3,7}$ ]] || die "RECORDINGS is a whole number from 1000"

build_tests
postgres_up
run_tests -explicit only -class '*ErasureSpeed'
