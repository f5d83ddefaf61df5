#!/bin/sh
# tar WORDS... - stands before tar in the PATH of one CRIU, which has it pack and unpack what a container's tmpfs hold (tmpfs_dump and
# tmpfs_restore, criu/filesystems.c): four in a usual one of Docker's, one after the other, most of them empty, while the container stands
# still. Packed as they are, gzip needs not be started for each. The file is given by name when it is read, as tar tells a packed one by
# its first bytes only then: where CRIU cannot run this script, as in a user namespace, tar itself is called, and the other side bears it.
PATH=${PATH#*:}
case "${1-} ${2-}" in
'--create --gzip') shift 2 && exec tar --create "$@" ;;
'--extract --gzip') shift 2 && exec tar --extract --file /proc/self/fd/0 "$@" ;;
esac
exec tar "$@"
