import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Access, type Authenticate, fullAccess } from '../mqtt/access.ts';
import { Permissions } from '../policies/permissions.ts';
import { type Policy, parsePolicy } from '../policies/policy.ts';
import type { CertificateFacts, DistinguishedName } from '../policies/policy-variables.ts';
import type { CertificateSettings } from '../settings.ts';

/** A client by its certificate. The handshake has proved that it has the certificate's key. */
export interface CertifiedClient {
  /** The certificate's id: SHA-256 of it. */
  readonly principal: string;
  /** @param clientId undefined over HTTP */
  accessOf(clientId: string | undefined): Access;
}

/**
 * The certificates that are registered, with the policies attached to them. As in the service, registration decides and not
 * who signed them.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html
 */
export class KnownCertificates {
  /** By SHA-256 fingerprint; undefined: no policy was set, everything is allowed. */
  readonly #policies = new Map<string, readonly Policy[] | undefined>();

  /** @throws PolicyError, or Node's error for what is no certificate */
  constructor(settings: readonly CertificateSettings[]) {
    for (const { certificate, policies } of settings) {
      const { fingerprint256, subject } = new X509Certificate(certificate);
      this.#policies.set(
        fingerprint256,
        policies?.map((document) => parsePolicy(`of the certificate ${subject}`, document)),
      );
    }
  }

  /** @returns undefined for a client that showed no certificate, or one that is not registered */
  clientOf(socket: TLSSocket): CertifiedClient | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined || !this.#policies.has(certificate.fingerprint256)) return undefined;
    const policies = this.#policies.get(certificate.fingerprint256);
    const sourceIp = socket.remoteAddress;
    return {
      principal: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      accessOf: (clientId) =>
        policies === undefined
          ? fullAccess
          : new Permissions(policies, { clientId, sourceIp, certificate: factsOf(certificate) }),
    };
  }

  /** Asks for nothing but the certificate. */
  gateOf(socket: TLSSocket): Authenticate {
    const client = this.clientOf(socket);
    return ({ clientId }) => client && { access: client.accessOf(clientId), principal: client.principal };
  }
}

function factsOf({ serialNumber, subject, issuer }: X509Certificate): CertificateFacts {
  return { serialNumber, subject: nameOf(subject), issuer: nameOf(issuer) };
}

/** Node writes a distinguished name as lines of `CN=device-1`. */
function nameOf(text: string): DistinguishedName {
  const parts = text.split('\n').map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return Object.fromEntries(parts);
}
