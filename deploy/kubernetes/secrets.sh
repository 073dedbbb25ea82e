#!/bin/sh
# Hands the secrets that deploy/prepare.sh made to the cluster, for overlays/single.
# 把 prepare.sh 生成的密钥交给集群。For overlays/production write database_url, broker_url,
# broker_password, admin_password, s3_credentials and notify_webhook yourself, and leave
# gouji-servers out.
#   deploy/kubernetes/secrets.sh [DIRECTORY]
set -eu

secrets=${1:-$(dirname "$0")/../secrets}
apply() { # apply NAME FILE...: make a secret, or bring it up to date
  name=$1
  shift
  for file in "$@"; do
    [ -s "$secrets/$file" ] || { echo "secrets: $secrets/$file: missing; deploy/prepare.sh makes it" >&2; exit 1; }
    set -- "$@" "--from-file=$secrets/$file"
    shift
  done
  kubectl -n gouji create secret generic "$name" "$@" --dry-run=client -o yaml | kubectl apply -f -
}

kubectl apply -f "$(dirname "$0")/base/namespace.yaml"
apply gouji database_url broker_url admin_password
apply gouji-servers database_password broker_conf
