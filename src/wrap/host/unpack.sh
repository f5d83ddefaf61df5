#!/bin/sh
# unpack FOLDER - on the destination: takes the images from standard input, and says in the FIFO FOLDER/unpacked how that went
echo listening
tar -C "$1/images" -xpf -
echo $? 1<>"$1/unpacked" # opened so, it waits for no reader: there may be none any more
