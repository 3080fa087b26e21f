#!/bin/bash
# Run once by PostgreSQL's image, when the database is made: the worker's role is no superuser and owns its database only.
set -euo pipefail

# Over standard input: a password on a command line is everybody's. Not logged either.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<SQL
set log_statement = 'none';
set log_min_error_statement = 'panic';
create role ivrconsent login password '$(tr -d "\r\n'" </run/secrets/ledger-password)';
create database ivrconsent owner ivrconsent;
revoke all on database ivrconsent from public;
SQL
