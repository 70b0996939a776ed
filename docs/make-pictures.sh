#!/bin/sh
# Draw the pictures in docs/images again: sh docs/make-pictures.sh .venv/bin
# Needs LibreOffice (soffice) and Chromium.
set -eu
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
images=docs/images

"$bin/gradsheet" workbook -o "$work/course.xlsx" --png "$work/course"
"$bin/gradsheet" workbook xor -o "$work/xor.xlsx" --png "$work/xor"
"$bin/gradsheet" workbook --exercise -o "$work/exercise.xlsx" --png "$work/exercise"
"$bin/gradsheet" sweep -o "$work/sweep"
"$bin/gradsheet" diagram -o "$images/network.png"
"$bin/python" docs/draw_mistakes.py "$images/mistakes.png"
"$bin/python" docs/draw_models.py "$images"
cp "$work/sweep/loss_all.png" "$images/losses.png"

for name in start inputs derivation step learning-rates gradient-check common-mistakes; do
    cp "$work"/course/*-"$name"*.png "$work/found-$name.png" 2>/dev/null ||
        cp "$work"/course/*-"$name"-1.png "$work/found-$name.png"
    cp "$work/found-$name.png" "$images/sheet-$name.png"
done
cp "$work"/course/*-lr-0.5-1.png "$images/sheet-training.png"
cp "$work"/course/*-network.png "$images/sheet-network.png"
cp "$work"/xor/*-network.png "$images/sheet-network-xor.png"
cp "$work"/exercise/*-derivation-1.png "$images/sheet-exercise.png"

"$bin/python" docs/draw_audit.py "$work/class"
cp "$work/class/terminal.svg" "$images/audit-terminal.svg"
chromium --headless --no-sandbox --screenshot="$PWD/$images/audit-page.png" --window-size=1000,1500 \
    "file://$work/class/class.html"

"$bin/gradsheet" explore -o "$work/pages" --quiet
# The state in the address: the network course, learning rate 0.5, update 0, step 21.
state=$(printf '["course",0.5,0,20]' | base64 | tr -d '=')
for page in "backprop.html#$state" digits.html; do
    name=${page%%.html*}
    chromium --headless --no-sandbox --screenshot="$PWD/$images/explorer-$name.png" \
        --window-size=1440,1000 --virtual-time-budget=5000 "file://$work/pages/$page"
done
