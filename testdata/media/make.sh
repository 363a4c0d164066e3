#!/usr/bin/env bash
# Makes every clip in this folder with the ffmpeg program. The results are committed, so the tests need no
# generator; run this (make testdata) after changing a clip. Same FFmpeg build, same bytes.
set -euo pipefail
cd "$(dirname "$0")"

ff() { ffmpeg -nostdin -v error -y "$@"; }

# Reproducible bytes: no encoder version strings, no dates, one thread.
exact=(-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1)
h264=(-c:v libx264 -preset veryslow -pix_fmt yuv420p)
aac=(-c:a aac -b:a 40k)

# Colour bars, and on them a white column that steps 16 pixels to the right at every full second: the picture at
# second n has its column at x = 16 n, so a test can tell which second a picture came from. No text is burnt in.
picture() { # seconds [size]
  echo "smptebars=size=${2:-320x240}:rate=25:duration=$1[bars];color=white:size=16x${2#*x}:rate=25:duration=$1[column];[bars][column]overlay=x='16*floor(t)':y=0:shortest=1"
}
# A stereo tone, 440 Hz left and 660 Hz right.
tone() { # seconds
  echo "sine=frequency=440:sample_rate=44100:duration=$1[l];sine=frequency=660:sample_rate=44100:duration=$1[r];[l][r]join=inputs=2:channel_layout=stereo"
}
video() { printf '%s\n' -f lavfi -i "$(picture "$1" "${2:-320x240}")"; }
sound() { printf '%s\n' -f lavfi -i "$(tone "$1")"; }
input() { mapfile -t args < <("$@"); }

input video 20; v=("${args[@]}"); input sound 20
ff "${v[@]}" "${args[@]}" "${exact[@]}" "${h264[@]}" -crf 28 -g 50 "${aac[@]}" -movflags +faststart clip.mp4

input video 3; v3=("${args[@]}"); input sound 3; a3=("${args[@]}")

# What a phone held upright writes: the picture lies on its side, a display matrix says to turn it by 90 degrees
# clockwise (-90 in libav's counting). Before FFmpeg 6 the tag that makes the matrix counts the other way round.
ff "${v3[@]}" "${exact[@]}" "${h264[@]}" -crf 28 upright.tmp.mp4
if ffmpeg -v error -h full | grep -- '-display_rotation' >/dev/null; then
  ff -display_rotation -90 -i upright.tmp.mp4 "${exact[@]}" -c copy rotated-90.mp4
else
  ff -i upright.tmp.mp4 "${exact[@]}" -c copy -metadata:s:v:0 rotate=270 rotated-90.mp4
fi
rm upright.tmp.mp4

# Pixels 4:3, so 320x240 is meant to be shown 16:9.
ff "${v3[@]}" "${a3[@]}" "${exact[@]}" -vf setsar=4/3 "${h264[@]}" -crf 28 "${aac[@]}" sar-4-3.mp4

# Variable frame rate: every frame in the first second, every fifth in the next, every second one in the last.
ff "${v3[@]}" "${a3[@]}" "${exact[@]}" -fps_mode vfr \
  -vf "select='if(lt(t,1),1,if(lt(t,2),not(mod(n,5)),not(mod(n,2))))'" "${h264[@]}" -crf 28 "${aac[@]}" vfr.mp4

# Frames stored out of display order, three in a row.
ff "${v3[@]}" "${a3[@]}" "${exact[@]}" "${h264[@]}" -crf 28 -bf 3 -b_strategy 0 "${aac[@]}" b-frames.mp4

# Cut without re-encoding in the middle of a group of pictures: an edit list hides the frames before the cut.
ff -ss 1.5 -t 3 -i clip.mp4 "${exact[@]}" -c copy -avoid_negative_ts disabled edit-list.mp4

# A broadcast recording: the first timestamp is far from zero.
ff "${v3[@]}" "${a3[@]}" "${exact[@]}" "${h264[@]}" -crf 28 "${aac[@]}" -output_ts_offset 10 start-offset.ts

cat > subtitles.tmp.srt <<'SRT'
1
00:00:00,500 --> 00:00:01,500
The first line.

2
00:00:02,000 --> 00:00:02,900
The second line.
SRT
ff "${v3[@]}" "${a3[@]}" -i subtitles.tmp.srt -map 0 -map 1 -map 2 "${exact[@]}" \
  "${h264[@]}" -crf 28 "${aac[@]}" -c:s srt subtitles.mkv
rm subtitles.tmp.srt

ff "${v3[@]}" "${exact[@]}" "${h264[@]}" -crf 28 silent.mp4

ff "${a3[@]}" "${exact[@]}" "${aac[@]}" tone.m4a
ff "${a3[@]}" "${exact[@]}" -c:a libmp3lame -b:a 64k tone.mp3
input sound 1
ff "${args[@]}" "${exact[@]}" -ar 16000 -c:a pcm_s16le tone.wav

# What is no good is kept apart, so that a program can be let loose on the whole of this folder.
mkdir -p bad

# The upload that stopped half way: the index was to come last, so there is none.
ff "${v3[@]}" "${a3[@]}" "${exact[@]}" "${h264[@]}" -crf 28 "${aac[@]}" whole.tmp.mp4
head -c "$(($(wc -c < whole.tmp.mp4) / 2))" whole.tmp.mp4 > bad/truncated.mp4
rm whole.tmp.mp4

echo 'This is text. Only its name says that it is a film.' > bad/not-media.mp4
