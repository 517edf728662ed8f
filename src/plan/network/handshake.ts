import type { NetworkConditions } from '../../profile/network-presets.ts';
import type { NetworkDraws } from './network-draws.ts';

/** Flights of a TLS handshake, up and down: a certificate chain of two, and one of the device. Bytes. */
const tlsBytes = { up: 1_500, down: 4_000 } as const;
/** Linux's bound of the variance in a retransmission timeout. */
export const leastVarianceMs = 200;
/** The retransmission timeout before a round trip was measured (RFC 6298). */
export const firstTimeoutMs = 1_000;
const mostLosses = 6;

/** Random draws of one device's packets, each direction by itself. */
export interface BothDraws {
  readonly up: NetworkDraws;
  readonly down: NetworkDraws;
}

/**
 * How long the handshakes of a connection take: one round trip of TCP, one more of TLS 1.3, two of TLS 1.2. A lost packet is repeated after
 * one second of TCP's handshake (RFC 6298), then after a round trip and 200 ms; twice as long each time.
 * @param tls version of TLS, as `getProtocol` has it; undefined: there is none
 */
export function handshakeMs(
  conditions: NetworkConditions,
  { up, down }: BothDraws,
  tls: string | undefined,
): { readonly roundTripMs: number; readonly totalMs: number } {
  const trip = (timeoutMs: number) => {
    let repeatedMs = 0;
    for (let k = 0; k < mostLosses && (up.happens(conditions.loss) || down.happens(conditions.loss)); k++)
      repeatedMs += timeoutMs * 2 ** k;
    return { repeatedMs, tripMs: up.delayMs(conditions) + down.delayMs(conditions) };
  };
  const first = trip(firstTimeoutMs);
  const roundTripMs = first.tripMs;
  let totalMs = first.tripMs + first.repeatedMs;
  const ofTls = tls === undefined ? 0 : tls === 'TLSv1.3' ? 1 : 2;
  for (let i = 0; i < ofTls; i++) {
    const { tripMs, repeatedMs } = trip(roundTripMs + leastVarianceMs);
    totalMs += tripMs + repeatedMs;
  }
  if (ofTls > 0) {
    for (const way of ['up', 'down'] as const) {
      const bitsPerSecond = conditions.bandwidth?.[way];
      if (bitsPerSecond !== undefined) totalMs += (tlsBytes[way] * 8_000) / bitsPerSecond;
    }
  }
  return { roundTripMs, totalMs };
}
