#!/usr/bin/env bash
# What a power cut leaves: train, corpus run and tokenizer train write to ext4 in a loop image, and the image is copied in
# mid-run and at the end. A copy holds what the disk holds at that moment and nothing of what waits in memory, as after a cut.
# From each copy the run must go on to the bytes of one that was not cut, and what had ended must be whole.
# Needs root, for loop devices; takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
ROUNDS=${ROUNDS:-10}
glasshouse=$PWD/target/release/glasshouse

[[ $(uname) == Linux && $(id -u) == 0 ]] || { echo "a loop device needs root on Linux: call it by sudo" >&2; exit 2; }
command -v mkfs.ext4 >/dev/null || PATH=$PATH:/sbin:/usr/sbin
place=$(mktemp -d)
mounted=()
cleanup() {
  local point
  for point in "${mounted[@]}"; do mountpoint -q "$point" && umount "$point"; done
  rm -rf "$place"
}
trap cleanup EXIT

# A text and pages with words in an order that never repeats.
awk 'BEGIN {
  split("the king and queen went down to river house where old bird sang of glass winter", word, " ")
  for (n = 0; n < 60000; n++) { state = (state * 16807 + (n == 0)) % 2147483647; printf "%s%s", word[state % 16 + 1], n % 9 == 8 ? ".\n" : " " }
}' >"$place/text.txt"
mkdir "$place/pages"
awk -v place="$place/pages" 'BEGIN {
  split("winter village garden harbour captain morning window station orchard lantern blanket kettle", word, " ")
  for (n = 0; n < 4000; n++) {
    page = ""
    for (line = 0; line < 9; line++) page = page sprintf("Nobody in the %s number %d of the %s remembered what the %s had said on day %d of that year.\\n", word[(n + line) % 12 + 1], n * 7 + line, word[(n * 5 + line) % 12 + 1], word[(n * 3 + line * 7) % 12 + 1], n + line * line)
    printf "{\"id\": \"%d\", \"text\": \"%s\"}\n", n, page >(place "/" n % 8 ".jsonl")
  }
}'

TRAIN="train --data $place/text.txt --layers 1 --heads 2 --channels 32 --context 32 --batch 8 --vocab-size 300 --device cpu --eval-every 0 --sample-every 0 --steps 400 --save-every 20"
CORPUS="corpus run --input $place/pages --keep-removed --set top_2_gram=off --set top_3_gram=off --set top_4_gram=off --set duplicated_5_n_grams=off"
TOKENIZER="tokenizer train --input $place/text.txt --vocab-size 310"

# What comes out without a cut.
$glasshouse $TRAIN --out "$place/train" >/dev/null
$glasshouse $CORPUS --out "$place/corpus" >/dev/null
$glasshouse $TOKENIZER --out "$place/tokenizer.json" >/dev/null

# mount_new IMAGE POINT: an empty disk that writes what it is not asked to as late as it can.
mount_new() {
  truncate -s 256M "$1"
  mkfs.ext4 -q "$1"
  mkdir -p "$2"
  mount -o loop,commit=600 "$1" "$2"
  mounted+=("$2")
}
# mount_copy IMAGE POINT: the disk as it is after the cut.
mount_copy() {
  mkdir -p "$2"
  mount -o loop "$1" "$2"
  mounted+=("$2")
}
same_run() { for file in model.safetensors optimizer.safetensors config.json tokenizer.json; do cmp -s "$place/train/$file" "$1/$file" || return 1; done; }
same_corpus() { diff -qr "$place/corpus" "$1" >/dev/null; }

passed=0 failed=0
result() {
  if [[ $2 == 0 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "lost: $1"; fi
}

# cut KIND COMMAND: runs COMMAND on a new disk, takes copies of it in mid-run and one right behind its end.
for ((round = 1; round <= ROUNDS; round++)); do
  for kind in train corpus tokenizer; do
    work="$place/$kind-$round"
    mkdir "$work"
    mount_new "$work/disk.img" "$work/disk"
    case $kind in
      train) command="$TRAIN --out $work/disk/out" ;;
      corpus) command="$CORPUS --out $work/disk/out" ;;
      tokenizer) command="$TOKENIZER --out $work/disk/tokenizer.json" ;;
    esac
    $glasshouse $command >/dev/null 2>&1 &
    running=$!
    # In mid-run, each round a little later: once there is something on the way.
    until [[ -e $work/disk/out || -e $work/disk/tokenizer.json.tmp ]] || ! kill -0 $running 2>/dev/null; do :; done
    for ((n = 0; n < round * 20; n++)); do kill -0 $running 2>/dev/null || break; ls "$work/disk" >/dev/null; done
    cp --sparse=always "$work/disk.img" "$work/middle.img"
    wait $running || { result "$kind: the run itself, round $round" 1; continue; }
    cp --sparse=always "$work/disk.img" "$work/end.img"
    umount "$work/disk"
    for moment in middle end; do
      mount_copy "$work/$moment.img" "$work/$moment"
      out="$work/$moment/out"
      whole=0
      case $kind-$moment in
        train-end) same_run "$out" || whole=1 ;;
        corpus-end) same_corpus "$out" || whole=1 ;;
        tokenizer-end) cmp -s "$place/tokenizer.json" "$work/end/tokenizer.json" || whole=1 ;;
        train-middle)
          if [[ -e $out/trainer.json || -e $out/pending.json ]]; then
            { $glasshouse train --resume "$out" --device cpu >/dev/null 2>"$work/said" && same_run "$out"; } || whole=1
          else
            # Nothing was saved yet: the same call begins anew, elsewhere where a log lies.
            { $glasshouse $TRAIN --out "$work/$moment/again" >/dev/null 2>"$work/said" && same_run "$work/$moment/again"; } || whole=1
          fi ;;
        corpus-middle) { $glasshouse $CORPUS --out "$out" >/dev/null 2>"$work/said" && same_corpus "$out"; } || whole=1 ;;
        tokenizer-middle)
          # Whole or absent.
          [[ ! -e $work/middle/tokenizer.json ]] || cmp -s "$place/tokenizer.json" "$work/middle/tokenizer.json" || whole=1 ;;
      esac
      result "$kind, $moment, round $round $(cat "$work/said" 2>/dev/null || true)" $whole
      umount "$work/$moment"
    done
    rm -rf "$work"
  done
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
