import protobuf from 'protobufjs';
import { type Ns, nsPerS } from '../../trace/time.ts';

/** From images/timens.proto (since CRIU 3.14): the clocks at the moment of the dump. */
const proto = `
syntax = "proto2";
message timespec { optional uint64 tv_sec = 1; optional uint64 tv_nsec = 2; }
message timens { optional timespec monotonic = 1; optional timespec boottime = 2; }`;

const timensType = protobuf.parse(proto, { keepCase: true }).root.lookupType('timens');
const commonMagic = 0x54564319; // criu/include/magic.h IMG_COMMON_MAGIC
const timensMagic = 0x43114433; // TIMENS_MAGIC

/** CLOCK_BOOTTIME at the dump; `null` when the image is not what it should be (it serves only to sharpen an anchor). */
export function boottimeOf(bytes: Uint8Array): Ns | null {
  if (bytes.byteLength < 12) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(8, true);
  if (view.getUint32(0, true) !== commonMagic || view.getUint32(4, true) !== timensMagic || bytes.byteLength < 12 + size)
    return null;
  try {
    const message = timensType.toObject(timensType.decode(bytes.subarray(12, 12 + size)), { longs: String });
    const boottime = message.boottime as { tv_sec?: string; tv_nsec?: string } | undefined;
    return boottime === undefined ? null : BigInt(boottime.tv_sec ?? 0) * nsPerS + BigInt(boottime.tv_nsec ?? 0);
  } catch {
    return null; // a damaged image only costs precision
  }
}
