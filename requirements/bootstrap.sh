#!/bin/sh
# Makes .venv with uv in it, makes the checkout importable and writes the `wfweb` launcher.
# PYTHON=/path/to/python overrides the search.
set -eu
cd "$(dirname "$0")/.."

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

python=""
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3 python; do
    if [ -n "$candidate" ] && usable "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "wfweb needs Python 3.11 or newer, and none was found. Install it (Debian and Ubuntu:" \
        "apt install python3 python3-venv) or name it: make run PYTHON=/path/to/python3.11" >&2
    exit 2
fi

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    rm -rf .venv
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || ! "$python" -m venv .venv; then
        rm -rf .venv
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$python cannot make a virtual environment: its venv module is missing." \
            "On Debian and Ubuntu: apt install python$version-venv" >&2
        exit 2
    fi
fi
echo "Installing packages into .venv (about a minute the first time)"
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
    -r requirements/uv.lock

# No build step, no network: a path file instead of an editable install.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd > "$site/wfweb-checkout.pth"
cat > .venv/bin/wfweb <<'LAUNCHER'
#!/bin/sh
exec "$(dirname "$0")/python" -m wfweb "$@"
LAUNCHER
chmod 755 .venv/bin/wfweb
