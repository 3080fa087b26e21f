#!/usr/bin/env bash
# Measures the erasure of a person with 1,000 recordings among a million, on SQLite and on the lab's PostgreSQL: decisions, keys,
# files, an entry in the ledger each, the number's mapping, the certificate. Debian as root, with the .NET 10 SDK.
#
#   tests/bench/erasure.sh [RECORDINGS]      default 1000000, at least 1000
#
# Exit code: 0 all was erased (whatever the figures), 1 it was not, 2 it could not be measured.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
[[ ${1:-} == -h || ${1:-} == --help ]] && { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0; }
export IVRCONSENT_BENCH_RECORDINGS=${1:-1000000}
[[ $IVRCONSENT_BENCH_RECORDINGS =~ ^[1-9][0-9]{3,7}$ ]] || { echo "erasure: RECORDINGS is a whole number from 1000" >&2; exit 2; }

export IVRCONSENT_LAB_DIR=${IVRCONSENT_LAB_DIR:-$here/.work/lab} IVRCONSENT_LAB_PORT_BASE=${IVRCONSENT_LAB_PORT_BASE:-37000}
export IVRCONSENT_LAB_ENV=$IVRCONSENT_LAB_DIR/lab.env IVRCONSENT_LAB_REQUIRED=1
mkdir -p "$IVRCONSENT_LAB_DIR"
"$repo/tests/lab/lab" up postgres || exit 2
trap '"$repo/tests/lab/lab" down' EXIT
tests=$repo/tests/IvrConsent.Adapters.Tests
dotnet build "$tests" -c Release -v q -clp:ErrorsOnly || exit 2
dotnet exec "$tests/bin/Release/net10.0/IvrConsent.Adapters.Tests.dll" -noColor -diagnostics -explicit only -class '*ErasureSpeed' || exit 1
