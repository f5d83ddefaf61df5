import { BlockList, isIP } from 'node:net';

type Family = 'ipv4' | 'ipv6';

/** `172.20.0.5` in `172.20.0.0/16`; false for what is no address or no subnet. */
export function isWithin(address: string, subnet: string): boolean {
  const family = familyOf(address);
  const [base = '', bits] = subnet.split('/');
  if (family === null || familyOf(base) !== family) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family);
  return list.check(address, family);
}

/** Two subnets have an address in common only where the one holds the other's first. */
export function overlap(a: string, b: string): boolean {
  const base = (subnet: string) => subnet.split('/')[0] ?? '';
  return isWithin(base(a), b) || isWithin(base(b), a);
}

function familyOf(address: string): Family | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? 'ipv4' : 'ipv6';
}
