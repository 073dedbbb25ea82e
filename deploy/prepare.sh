#!/bin/sh
# Makes what compose.yaml needs and nobody else should know: deploy/secrets, and the inbox.
# 生成 compose.yaml 所需的密钥文件和收件目录。What is there already stays as it is.
#   deploy/prepare.sh [DIRECTORY]     where secrets/ and inbox/ are made; deploy/ without it
# With NOTIFY_WEBHOOK=https://… in the environment also what the profile "notify" needs.
set -eu
umask 077

place=${1:-$(dirname "$0")}
secrets=$place/secrets
mkdir -p "$secrets"
# Each container sees single files of it, which its own user must be able to read.
chmod 0700 "$secrets"

say() { printf '%s\n' "prepare: $*" >&2; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # keep NAME VALUE: write a secret unless it is there
  if [ ! -s "$secrets/$1" ]; then
    printf '%s\n' "$2" >"$secrets/$1"
    say "$secrets/$1"
  fi
  chmod 0444 "$secrets/$1"
}

keep database_password "$(random)"
keep database_url "postgresql+psycopg://gouji:$(cat "$secrets/database_password")@database:5432/gouji"
if [ ! -s "$secrets/broker_conf" ]; then
  keep broker_conf "requirepass $(random)"
fi
keep broker_url "redis://:$(sed -n 's/^requirepass //p' "$secrets/broker_conf")@broker:6379/0"
keep admin_password "$(random)"
keep grafana_password "$(random)"
[ -z "${NOTIFY_WEBHOOK:-}" ] || keep notify_webhook "$NOTIFY_WEBHOOK"

mkdir -p "$place/inbox"
chmod 0755 "$place/inbox"
if [ "$(id -u)" -eq 0 ]; then
  chown 10001:10001 "$place/inbox"
elif [ "$(stat -c %u "$place/inbox")" -ne 10001 ]; then
  say "the watcher must be able to move files: sudo chown 10001:10001 $place/inbox"
fi
