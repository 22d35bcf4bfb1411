#!/usr/bin/env bash
# P13: a download of 1 GiB through the authority and from nginx, the same file, one after the other, in turns.
#
#   benches/download.sh [BINARY] [MIB] [ROUNDS]
#
# Prints the rates of each round, both medians, their ratio, and the server's peak memory before and after. Needs nginx
# and curl. Uploads the file in parts first, which is told too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=${1:-target/release/licentia}
mib=${2:-1024}
rounds=${3:-7}
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/licentia-download.XXXXXX")
pids=()
stop() {
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

licentia() { "$binary" --data "$folder/data" "$@"; }
field() { python3 -c 'import json,sys; print(eval("d" + sys.argv[1], {"d": json.load(sys.stdin)}))' "$1"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# Processor time of a process and its children that run, in seconds.
busy() {
  local pid ticks=0
  for pid in "$1" $(pgrep -P "$1" || true); do
    ticks=$((ticks + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")))
  done
  echo "scale=2; $ticks / $(getconf CLK_TCK)" | bc
}
peak() { awk '/^VmHWM/ { printf "%d MiB", $2 / 1024 }' "/proc/$1/status"; }

licentia init --json >"$folder/init.json"
cat >"$folder/catalog.toml" <<'TOML'
[product]
code = "app"
name = "App"
default_plan = "a"
[[plan]]
code = "a"
tier = "A"
rank = 1
seats = 1
distribution = { channels = ["stable"] }
TOML
licentia product import "$folder/catalog.toml" >/dev/null
head -c "$((mib * 1024 * 1024))" /dev/urandom >"$folder/file.bin"

"$binary" --data "$folder/data" serve --listen 127.0.0.1:0 >"$folder/first" 2>"$folder/log" &
server=$!
pids+=("$server")
until [ -s "$folder/first" ]; do kill -0 "$server"; read -rt 0.1 <> <(:) || true; done
url=$(field '["listening"]' <"$folder/first")
printf 'peak memory, idle: %s\n' "$(peak "$server")"

began=$(date +%s.%N)
LICENTIA_TOKEN=$(field '["api_token"]' <"$folder/init.json") "$binary" --server "$url" release publish \
  --product app --version 1.0.0 "$folder/file.bin" >/dev/null
printf 'upload: %s s, peak memory: %s\n' "$(echo "$(date +%s.%N) - $began" | bc)" "$(peak "$server")"

port=$(free_port)
mkdir -p "$folder/nginx"
cat >"$folder/nginx.conf" <<NGINX
pid $folder/nginx/pid;
error_log $folder/nginx/error.log;
worker_processes 1;
daemon off;
user root;
events {}
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path $folder/nginx/body;
  proxy_temp_path $folder/nginx/proxy;
  fastcgi_temp_path $folder/nginx/fastcgi;
  uwsgi_temp_path $folder/nginx/uwsgi;
  scgi_temp_path $folder/nginx/scgi;
  server { listen 127.0.0.1:$port; location / { root $folder; } }
}
NGINX
nginx -c "$folder/nginx.conf" 2>/dev/null &
nginx=$!
pids+=("$nginx")

key=$(licentia license issue --json --product app --plan a --email a@example.com --days 30 | field '["key"]')
link() {
  curl -sS -u "x:$key" "$url/v1/releases/app" | field '["items"][0]["downloads"][0]["link"]["href"]'
}
rate() { curl -sS --fail -o /dev/null -w '%{speed_download}\n' "$1"; }
until curl -sf -o /dev/null -r 0-0 "http://127.0.0.1:$port/file.bin"; do :; done

# Once each, so that the file is in memory for both.
rate "http://127.0.0.1:$port/file.bin" >/dev/null
rate "$url$(link)" >/dev/null
before=$(busy "$server") before_nginx=$(busy "$nginx")
: >"$folder/ours"
: >"$folder/theirs"
for _ in $(seq "$rounds"); do
  rate "http://127.0.0.1:$port/file.bin" >>"$folder/theirs"
  rate "$url$(link)" >>"$folder/ours"
done
python3 - "$folder/ours" "$folder/theirs" <<'PYTHON'
import statistics, sys
ours, theirs = ([float(line) / 1e6 for line in open(path)] for path in sys.argv[1:])
for name, rates in [("authority", ours), ("nginx", theirs)]:
    print(f"{name}: median {statistics.median(rates):.0f} MB/s of", " ".join(f"{rate:.0f}" for rate in rates))
pairs = [a / b for a, b in zip(ours, theirs)]
print(f"ratio of medians {statistics.median(ours) / statistics.median(theirs):.2f}, of neighbours {min(pairs):.2f} to {max(pairs):.2f}")
PYTHON
printf 'processor: authority %s s, nginx %s s\n' "$(echo "$(busy "$server") - $before" | bc)" \
  "$(echo "$(busy "$nginx") - $before_nginx" | bc)"
printf 'peak memory, after: %s\n' "$(peak "$server")"
# Gigabytes go up and down in parts and chunks, not in memory.
[ "$(peak "$server" | cut -d' ' -f1)" -lt 256 ] || { echo "memory is not flat" >&2; exit 1; }
