#!/bin/sh
# A webcam by the kernel's vivid, whose picture is what is written into its output: plugged in, with `out` pulled out.
set -eu
driver=/sys/bus/platform/drivers/vivid
case ${1:-in} in
out) echo vivid.0 > $driver/unbind; exit ;;
in)
    # Until udev has looked at a new node it is root's alone: nobody opens it before it is set up, as a webcam is.
    udevadm control --stop-exec-queue
    # One picture input and one output of the kind that is wired to it: HDMI.
    modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1
    [ -e $driver/vivid.0 ] || echo vivid.0 > $driver/bind
    ;;
esac
for node in /sys/bus/platform/devices/vivid.0/video4linux/video*; do
    case $(cat "$node/name") in
    *vid-cap) capture=/dev/${node##*/} ;;
    *vid-out) output=/dev/${node##*/} ;;
    esac
done
# The picture crosses where timings, size and format are the same on both sides.
for node in $capture $output; do
    v4l2-ctl -d "$node" --set-dv-bt-timings cvt,width=640,height=480,fps=60 > /dev/null
done
v4l2-ctl -d "$output" --set-fmt-video-out width=640,height=480,pixelformat=YUYV
# Every fourth picture arrives, fifteen a second: an emulated processor would do nothing but convert them.
v4l2-ctl -d "$capture" -c loop_video=1,osd_text_mode=2,percentage_of_dropped_buffers=75
cut -d ' ' -f 1 /proc/uptime > /run/camera-there
udevadm control --start-exec-queue
exec python3 "$(dirname "$0")/play.py" "$output" "$(dirname "$0")/clip.yuyv"
