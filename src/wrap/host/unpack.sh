#!/bin/sh
# unpack FOLDER - on the destination: takes the images from standard input, and says in the FIFO FOLDER/unpacked how that went
echo listening
tar -C "$1/images" -xpf -
echo $? >"$1/unpacked"
