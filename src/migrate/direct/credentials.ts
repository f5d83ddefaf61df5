import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** What one side needs to be believed by the other, as PEM texts. */
export interface Credentials {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

type Pair = Awaited<ReturnType<typeof makePair>>;

// P-256: the handshake of the page channel is in the downtime, and this is the quickest that GnuTLS takes everywhere.
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** The clocks of hosts may differ by hours; the keys are gone long before the certificates end. */
const dayMs = 86_400_000;

/**
 * Certificates for the page channel of one run, by an authority that signs these two and is forgotten: nobody else can
 * have one, which is why CRIU need not compare names with addresses (`tls-no-cn-verify`).
 */
export async function makeCredentials(): Promise<{ readonly source: Credentials; readonly destination: Credentials }> {
  const authority = await makePair();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=transship run',
    ...validity(),
    signingAlgorithm: algorithm,
    keys: authority,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  return { source: await issue(root, authority, 'source'), destination: await issue(root, authority, 'destination') };
}

async function issue(root: X509Certificate, authority: Pair, role: 'source' | 'destination'): Promise<Credentials> {
  const keys = await makePair();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: role === 'source' ? '02' : '03',
    subject: `CN=${role}`,
    issuer: root.subject,
    ...validity(),
    signingAlgorithm: algorithm,
    signingKey: authority.privateKey,
    publicKey: keys.publicKey,
    extensions: [new BasicConstraintsExtension(false, undefined, true)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { authority: `${root.toString('pem')}\n`, certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}

async function makePair() {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + 2 * dayMs) };
}
