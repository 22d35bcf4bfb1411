#!/usr/bin/env bash
# Pushes an image to a registry that asks a Licentia authority for its tokens.
#
#   LICENTIA_TOKEN=lap_… scripts/release/push_to_registry.sh IMAGE REGISTRY/REPOSITORY:TAG
#
# IMAGE: what skopeo reads, such as oci:DIR:TAG, docker-archive:FILE, docker-daemon:NAME:TAG. The token is an operator's,
# with the scope `releases:write`. Where plans cover a repository per version (`acme/app/{version}`), the version is its
# last part: REGISTRY/acme/app/1.4.2:1.4.2. With PLAIN_HTTP=1 the registry is spoken to without TLS, for tests.
set -euo pipefail

usage() {
  sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
  exit 2
}

[ "$#" -eq 2 ] || usage
image=$1
target=$2
if ! command -v skopeo >/dev/null; then
  printf 'skopeo is missing.\nInstall it with the package manager of this system.\n' >&2
  exit 3
fi
if [ -z "${LICENTIA_TOKEN:-}" ] && [ -n "${LICENTIA_TOKEN_FILE:-}" ]; then
  LICENTIA_TOKEN=$(cat "$LICENTIA_TOKEN_FILE")
fi
if [ -z "${LICENTIA_TOKEN:-}" ]; then
  printf 'There is no token.\nPut one into LICENTIA_TOKEN, or name a file in LICENTIA_TOKEN_FILE: licentia token create push --scope releases:write\n' >&2
  exit 2
fi

# Credentials in a file of our own: arguments could be read by others on this machine.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 700 "$folder"
registry=${target%%/*}
encoded=$(printf 'operator:%s' "$LICENTIA_TOKEN" | base64 | tr -d '\n')
printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$registry" "$encoded" >"$folder/auth.json"

tls=()
[ "${PLAIN_HTTP:-0}" = 1 ] && tls=(--dest-tls-verify=false)
skopeo copy --authfile "$folder/auth.json" ${tls[@]+"${tls[@]}"} --digestfile "$folder/digest" "$image" "docker://$target" >&2
# What a deployment should name: a digest does not move.
printf '%s@%s\n' "${target%:*}" "$(cat "$folder/digest")"
