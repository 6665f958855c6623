#!/bin/sh
# Makes trayexec.app and a zip of it, on a Mac: `packaging/macos/build.sh [FOLDER]`. It is signed and notarised where these
# say as whom: SIGNING_IDENTITY (a name in the login keychain) and NOTARY_PROFILE (of `xcrun notarytool store-credentials`).
# Run: shellcheck; the spec and the icon on Linux. Not run: this, a Mac. On macOS trayexec is untried.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$here/../..
out=${1:-$top/dist}
if [ "$(uname)" != Darwin ]; then
    echo "$0: codesign, notarytool and stapler are on a Mac only" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --require-hashes -r "$top/packaging/lock/runtime.txt" -r "$top/packaging/lock/build.txt"
PYTHONPATH=$top/agent "$work/venv/bin/python" "$here/icon.py" "$work/trayexec.icns"
TRAYEXEC_ICNS=$work/trayexec.icns "$work/venv/bin/pyinstaller" --noconfirm --workpath "$work/build" --distpath "$work" \
    "$here/trayexec.spec"
app=$work/trayexec.app

if [ -n "${SIGNING_IDENTITY:-}" ]; then
    # All that is inside was signed by PyInstaller, with the same name.
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$SIGNING_IDENTITY" "$app"
    codesign --verify --deep --strict "$app"
else
    echo "$0: not signed, for SIGNING_IDENTITY is not set" >&2
fi

if [ -n "${SIGNING_IDENTITY:-}" ] && [ -n "${NOTARY_PROFILE:-}" ]; then
    ditto -c -k --keepParent "$app" "$work/sent.zip"
    xcrun notarytool submit "$work/sent.zip" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$app"
    spctl --assess --type execute "$app"
else
    echo "$0: not notarised, for SIGNING_IDENTITY and NOTARY_PROFILE are not both set" >&2
fi

version=$("$app/Contents/MacOS/trayexec" version | sed -n '1s/^trayexec //p')
ditto -c -k --keepParent "$app" "$out/trayexec-$version-macos-$(uname -m).zip"
echo "$out/trayexec-$version-macos-$(uname -m).zip"
