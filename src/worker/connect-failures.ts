import { exitCodes, StampedeError } from '../shared/errors.ts';

/** The target does not accept the first device. Exit code 3: nothing was started. */
export class TargetNotReadyError extends StampedeError {
  constructor(what: string, hint: string) {
    super('TargetNotReady', what, { hint, exitCode: exitCodes.refusedByPreflight });
  }
}

/** What a failed connect says of a target, to follow its name, and what to do. */
interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const checkHost = 'check host, port and network; --no-target-check starts the run anyway';
const checkShown = 'check connect.cert and connect.key, and which authority the target trusts';

/** In the words of Node, of OpenSSL and of MQTT: the first pattern that fits. @param deviceId who connected */
const explanations: readonly (readonly [pattern: RegExp, explain: (deviceId: string) => Explanation])[] = [
  [/^ECONNREFUSED$/, () => ({ what: 'refuses connections', hint: `nothing listens there: ${checkHost}` })],
  [/^(ENOTFOUND|EAI_AGAIN|EAI_NONAME)$/, () => ({ what: 'has a host without an address', hint: checkHost })],
  [
    /^(connect timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$/,
    () => ({ what: 'cannot be reached', hint: `nothing answers there: ${checkHost}` }),
  ],
  [
    /^(BadUserNameOrPassword|NotAuthorized|BadAuthenticationMethod)$/,
    (deviceId) => ({
      what: `refuses what device ${deviceId} shows`,
      hint: 'check connect.username, where connect.password comes from, and what the target allows its client ids (stampede-*)',
    }),
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    () => ({
      what: 'has a certificate that has expired',
      hint: 'renew it; --insecure leaves it unchecked, and the report says so',
    }),
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    () => ({
      what: 'has a certificate of another name',
      hint: 'set connect.serverName to a name that it has',
    }),
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/,
    () => ({
      what: 'has a certificate of an authority that is not trusted here',
      hint: 'set connect.ca (--ca) to the PEM file of that authority; --insecure leaves it unchecked, and the report says so',
    }),
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED/i,
    (deviceId) => ({
      what: `asks device ${deviceId} for a certificate`,
      hint: 'set connect.cert and connect.key (--cert, --key)',
    }),
  ],
  [
    /ALERT_(CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|BAD_CERTIFICATE|UNKNOWN_CA|UNKNOWN_CERTIFICATE|CERTIFICATE_UNKNOWN)/i,
    (deviceId) => ({ what: `refuses the certificate of device ${deviceId}`, hint: checkShown }),
  ],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/,
    () => ({
      what: 'does not speak TLS',
      hint: 'name it with mqtt://, ws:// or http://, or its port for TLS',
    }),
  ],
  [/^NoHttp2$/, () => ({ what: 'does not agree to HTTP/2', hint: 'set http.version to "1.1"' })],
  [
    /^no answer$/,
    () => ({
      what: 'does not answer a request',
      hint: `it took longer than publish.ackTimeout: ${checkHost}`,
    }),
  ],
  [/^ERR_SSL_/, () => ({ what: 'does not agree to TLS', hint: checkShown })],
  [
    /^Un(supportedProtocolVersion|acceptableProtocolVersion)$/,
    () => ({
      what: 'does not speak this version of MQTT',
      hint: 'set connect.version to the other one: "3.1.1" or "5"',
    }),
  ],
  [
    /WebSocket handshake/,
    () => ({
      what: 'has no MQTT over WebSocket at this path',
      hint: 'name the path in the target, such as wss://host/mqtt',
    }),
  ],
  [
    /closed|hang up|^(ECONNRESET|EPIPE)$/i,
    (deviceId) => ({
      what: `closes the connection of device ${deviceId}`,
      hint: 'its log says why; does it ask for TLS, for a certificate, or for a user name?',
    }),
  ],
];

export function explainConnectFailure(reason: string, deviceId: string): Explanation {
  const [, explain] = explanations.find(([pattern]) => pattern.test(reason)) ?? [];
  // What no pattern fits may be a fault of this machine as well: the system's own word is all that is known.
  return (
    explain?.(deviceId) ?? {
      what: `could not be connected to by device ${deviceId}: ${reason}`,
      hint: checkHost,
    }
  );
}
