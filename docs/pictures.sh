#!/bin/sh
# Makes the pictures of the mails that docs/mails.md shows, from what the program prints. Needs a build of it, Chromium,
# and Python with Pillow to crop and shrink them.
set -eu
cd "$(dirname "$0")/.."
notafter=$PWD/${NOTAFTER:-target/debug/notafter}
browser=${BROWSER:-chromium}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for sample in expiry opened resolved; do
    (cd "$work" && "$notafter" mail preview --sample "$sample" --format html >"$sample.html")
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
        --screenshot="$work/$sample.png" --window-size=660,1200 "file://$work/$sample.html" 2>"$work/log"
    python3 - "$work/$sample.png" "docs/mail-$sample.png" <<'END'
import sys
from PIL import Image, ImageChops
picture = Image.open(sys.argv[1]).convert("RGB")
page = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
bottom = ImageChops.difference(picture, page).getbbox()[3]
picture = picture.crop((0, 0, picture.width, min(bottom + 10, picture.height)))
picture.quantize(96, dither=Image.Dither.NONE).save(sys.argv[2], optimize=True)
END
done
