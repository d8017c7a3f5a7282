#!/usr/bin/env bash
# A source archive and a wheel made from it: the wheel has every file of the packages, and installed without lock or extras
# it gives a working `changeover up` from any folder, also one that holds modules with the names of ours. Not a pytest test:
# it needs a package index and half a minute.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-python3}
folder=$(mktemp -d)
trap 'kill "$up" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
up=0
"$python" -m venv "$folder/venv"
cp -r "$project" "$folder/source"
rm -rf "$folder/source/.venv" "$folder/source/build"
"$project/.venv/bin/uv" build -q --python "$python" --out-dir "$folder/dist" "$folder/source"
wheel=("$folder"/dist/changeover-*.whl)
(cd "$folder/source" && find steps checkpoint orchestrator workers celeryconfig.py -type f ! -name '*.pyc') | sort >"$folder/there"
"$python" -m zipfile -l "${wheel[0]}" | awk 'NR > 1 {print $1}' | sort >"$folder/packed"
left_out=$(comm -23 "$folder/there" "$folder/packed")
[ -z "$left_out" ] || { echo "not in the wheel:" "$left_out"; exit 1; }
"$folder/venv/bin/pip" install -q "${wheel[0]}"
mkdir "$folder/anywhere"
cd "$folder/anywhere"
for name in steps workers orchestrator celeryconfig; do echo 'raise SystemExit("not ours")' >"$name.py"; done
"$folder/venv/bin/changeover" up --workers 1 >up.out 2>up.err &
up=$!
for _ in $(seq 300); do grep -q '^ready' up.out && break; sleep 0.1; done
grep -q '^ready' up.out || { cat up.out up.err; exit 1; }
cat >plan.json <<'E2'
{"plan_id": "installed", "name": "Installed", "max_concurrency": 1, "stages": [{"name": "one", "steps": [{"type": "noop"}]}],
 "tenants": [{"tenant_id": "acme", "deploy_unit_version": 1}]}
E2
"$folder/venv/bin/changeover" submit plan.json --wait --json
"$folder/venv/bin/python" -P -m orchestrator.history --ended
kill "$up"
wait "$up"
grep -q '^stopped' up.out
"$folder/venv/bin/python" -P -m orchestrator.cli.chaos --tenants 12 --faults 4
echo "install check passed"
