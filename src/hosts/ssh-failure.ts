import { TransshipError } from '../error.ts';
import type { SshTarget } from './endpoint.ts';

/** What ssh says (OpenSSH's sshconnect.c, sshconnect2.c, packet.c), and what helps. The first match counts. */
const failures: readonly { readonly says: RegExp; readonly what: string; readonly hint: (host: string) => string }[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    what: 'its host key is not the one in known_hosts',
    hint: (host) =>
      `find out why it changed (another machine under that address?); ssh-keygen -R removes the old key; then: ssh ${host}`,
  },
  {
    says: /Host key verification failed|No .* host key is known/,
    what: 'its host key is not known',
    hint: (host) => `check and accept the key once, by hand: ssh ${host}`,
  },
  {
    says: /Permission denied|Too many authentication failures/,
    what: 'the login was refused',
    hint: (host) => `give it your key: ssh-copy-id ${host}; or load the right one: ssh-add; see for yourself: ssh -v ${host}`,
  },
  {
    says: /Could not resolve hostname/,
    what: 'no such host',
    hint: () => 'check the name; a Docker context is named without ssh://',
  },
  {
    says: /Connection refused/,
    what: 'nothing listens at its ssh port',
    hint: () => 'is sshd running there, and the port right (ssh://host:port)?',
  },
  {
    says: /timed out|no answer within|No route to host|Network is unreachable/i,
    what: 'it does not answer',
    hint: (host) => `is it up and reachable from here? ssh -v ${host} shows how far it comes`,
  },
];

/** Turns ssh's words into an error that says which host, what is wrong, what ssh said, and what to do. */
export function explainSsh(target: SshTarget, said: string): TransshipError {
  const host = target.words.filter((word) => word !== '--').join(' ');
  const known = failures.find((failure) => failure.says.test(said));
  const quoted = quote(said);
  const message = known === undefined ? `cannot connect: ${quoted}` : `${known.what} (${quoted})`;
  const hint = known?.hint(host) ?? `see for yourself: ssh -v ${host}`;
  return new TransshipError('not-ready', `${target.name}: ${message}`, hint);
}

/** The last line that is not ssh's decoration. */
function quote(said: string): string {
  const lines = said.split(/\r?\n/).filter((line) => /\w/.test(line) && !/^(debug\d|Warning: Permanently)/.test(line));
  return lines.at(-1)?.trim() ?? 'it said nothing';
}
