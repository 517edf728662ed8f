import { exitCodes, StampedeError } from '../shared/errors.ts';

/** The hosts that a run may load. */
export interface ResolvedTarget {
  /** The account's own IoT endpoints, where they could be read. */
  readonly own: readonly string[];
  /** Hosts that the user vouches for: `allowedHosts` of the profile. */
  readonly allowedHosts: readonly string[];
}

/** The target is neither loopback, nor the account's own, nor in `allowedHosts`. Exit code 3. */
export class RefusedTargetError extends StampedeError {
  constructor(hosts: readonly string[], { own }: ResolvedTarget) {
    const whose =
      own.length > 0
        ? `the account's own IoT endpoint is ${own.join(', ')}`
        : "the account's own IoT endpoint could not be read";
    super(
      'RefusedTarget',
      // The hint is part of the message: of an error in the plan function, nothing else comes back.
      `${hosts.join(', ')} is neither loopback nor this account's own IoT endpoint (${whose})\n` +
        `  → if it is yours to load, say so: --allow-host ${hosts.join(',')}`,
      { exitCode: exitCodes.refusedByPreflight },
    );
    // The name of the error in the execution.
    this.name = 'RefusedByPreflight';
  }
}

/**
 * @param hosts that the run would load
 * @throws RefusedTargetError for any that is neither loopback, nor the account's own, nor vouched for
 */
export function checkTargetHosts(hosts: readonly string[], resolved: ResolvedTarget): void {
  const otherHosts = otherHostsOf(hosts, resolved);
  if (otherHosts.length > 0) throw new RefusedTargetError(otherHosts, resolved);
}

/** Those that may not be loaded. */
export function otherHostsOf(hosts: readonly string[], { own, allowedHosts }: ResolvedTarget): string[] {
  const mine = new Set([...own, ...allowedHosts].map(normalize));
  return [...new Set(hosts.map(normalize))].filter((host) => !isLoopback(host) && !mine.has(host));
}

/**
 * Whether a host is this machine by its very name: no lookup could say otherwise.
 * @see https://www.rfc-editor.org/rfc/rfc6761#section-6.3
 */
export function isLoopback(host: string): boolean {
  const name = normalize(host);
  return name === 'localhost' || name === '::1' || loopbackAddress.test(name);
}

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
/** 127.0.0.0/8 in its usual spelling, four numbers from 0 to 255. */
const loopbackAddress = new RegExp(`^127(\\.${octet}){3}$`);

/** Without case, brackets, port and final dot. */
function normalize(host: string): string {
  return host
    .toLowerCase()
    .replace(/^([^:]*|\[.*\]):\d+$/, '$1')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=[^.])\.$/, '');
}
