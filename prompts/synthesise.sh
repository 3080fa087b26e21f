#!/usr/bin/env bash
# Speaks every LANGUAGE/NAME.txt of this folder into LANGUAGE/NAME.wav (8 kHz, 16 bit, mono) with a speech synthesiser.
# These are PLACEHOLDERS, good enough to try a line out: have a studio record the texts, and import its files.
#
# Usage: prompts/synthesise.sh [--wideband] [FOLDER [LANGUAGE...]]
#   --wideband   makes LANGUAGE/NAME.wav16 (16 kHz) as well
#   FOLDER       where the texts are and the audio goes; default: the folder of this script
#   LANGUAGE     only these; default: every folder that has texts
#
# Needs two Debian packages: apt-get install espeak-ng sox
# The same texts, espeak-ng and SoX give the same bytes. FOLDER/placeholders.sha256 lists the files as sha256sum(1) does;
# whatever is in that list is known to be a placeholder, and stops being one as soon as its bytes are another recording's.
# A file that is not in the list is somebody's recording and is never overwritten.
set -euo pipefail

for tool in espeak-ng sox; do
  if ! command -v "$tool" > /dev/null; then
    echo "$tool is missing: apt-get install espeak-ng sox" >&2
    exit 3
  fi
done

wideband=no
if [[ "${1:-}" == --wideband ]]; then
  wideband=yes
  shift
fi

cd -- "${1:-$(dirname "${BASH_SOURCE[0]}")}"
shift || true
languages=("$@")
if [[ ${#languages[@]} -eq 0 ]]; then
  for texts in */notice.txt; do
    languages+=("${texts%%/*}")
  done
fi

# Words a minute per voice, so that every notice takes 13 to 14 seconds at a pace that can be followed.
declare -A voice=([en]=en-gb) speed=([pl]=208 [en]=172 [de]=180 [cs]=196 [it]=192)

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
touch "$scratch/known"
if [[ -f placeholders.sha256 ]]; then
  cp -- placeholders.sha256 "$scratch/known"
fi

# convert RATE TARGET: both ends trimmed to some 50 ms, then levelled. espeak-ng speaks at a constant loudness, so a constant
# gain keeps the prompts equally loud; this one leaves every peak below -3 dBFS, so that no codec clips.
convert() {
  if [[ -e "$2" ]] && ! grep -q "^$(sha256sum < "$2" | cut -d' ' -f1) " "$scratch/known"; then
    echo "$2 kept: it is not in placeholders.sha256, so it is a recording" >&2
    return
  fi
  sox -D "$scratch/voice.wav" -t wav -r "$1" -c 1 -b 16 "$scratch/prompt.wav" \
    gain -4.5 highpass 80 rate -h "$1" \
    silence 1 0.02 0.3% reverse silence 1 0.02 0.3% reverse pad 0.05 0.05
  cp -- "$scratch/prompt.wav" "$2.part"
  mv -f -- "$2.part" "$2"
  sha256sum -- "$2" >> "$scratch/made"
}

# speak LANGUAGE ARGUMENT...: the synthesiser in that language's voice.
speak() {
  espeak-ng -b 1 -v "${voice[$1]:-$1}" -s "${speed[$1]:-165}" "${@:2}"
}

# The question for the language has a line per choice, each to be understood by who speaks only that one.
menu=(en pl de cs it)
speak_menu() {
  local line number=0 parts=()
  while IFS= read -r line; do
    speak "${menu[number]:-en}" -w "$scratch/choice$number.wav" -- "$line"
    parts+=("$scratch/choice$number.wav")
    number=$((number + 1))
  done < "$1"
  sox "${parts[@]}" "$scratch/voice.wav"
}

touch "$scratch/made"
for language in "${languages[@]}"; do
  for text in "$language"/*.txt; do
    if [[ "${text##*/}" == language.txt ]]; then
      speak_menu "$text"
    else
      speak "$language" -f "$text" -w "$scratch/voice.wav"
    fi
    convert 8000 "${text%.txt}.wav"
    if [[ $wideband == yes ]]; then
      convert 16000 "${text%.txt}.wav16"
    fi
  done
done

# What was listed before and not made anew stays listed.
awk '{ line[$2] = $0 } END { for (file in line) print line[file] }' "$scratch/known" "$scratch/made" | LC_ALL=C sort -k 2 > placeholders.sha256
