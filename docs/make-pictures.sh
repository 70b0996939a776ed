#!/bin/sh
# Draw the pictures in docs/images again: sh docs/make-pictures.sh .venv/bin
# Needs LibreOffice (soffice) and poppler (pdftoppm).
set -eu
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
images=docs/images

"$bin/gradsheet" workbook -o "$work/backprop.xlsx" --rates 0.5,0.1,0.2,0.8,1,2
"$bin/gradsheet" sweep -o "$work/sweep"
"$bin/gradsheet" diagram -o "$images/network.png"
"$bin/python" docs/draw_mistakes.py "$images/mistakes.png"
cp "$work/sweep/loss_all.png" "$images/losses.png"

soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf \
    --outdir "$work" "$work/backprop.xlsx" >/dev/null
# Page 2 is the Network sheet, page 3 the Derivation; the page after it is the first training sheet.
pdftoppm -r 130 -png -f 2 -l 2 -x 90 -y 70 -W 1170 -H 670 "$work/backprop.pdf" "$work/network"
pdftoppm -r 130 -png -f 3 -l 3 -x 80 -y 80 -W 1280 -H 950 "$work/backprop.pdf" "$work/derivation"
pdftoppm -r 400 -png -f 5 -l 5 -x 270 -y 280 -W 2000 -H 1020 "$work/backprop.pdf" "$work/training"
for name in network derivation training; do
    mv "$work/$name"-*.png "$images/sheet-$name.png"
done
