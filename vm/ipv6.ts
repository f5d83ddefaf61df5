/** What network.sh gives a test host beside its IPv4 address: an address with the same last number. Only hosts have one, not the wire. */
export function ipv6Of(address: string): string {
  return `fd00:77::${address.split('.').at(-1)}`;
}
