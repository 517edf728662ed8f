import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Credentials } from './request-signature.ts';

/**
 * Made anew at each start, so that it is known only to those who can read what embedded AWS prints and writes: the user's
 * own processes.
 */
export function makeAccessKey(): Credentials {
  return {
    accessKeyId: `EMBEDDED${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

/** Of the services that take a token: 256 random bits. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Takes the same time wherever they differ. */
export function isSameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
