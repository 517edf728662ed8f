import type { Random } from '../../../shared/random.ts';
import type { Connection } from './connection.ts';
import { reasonCodes } from './protocol.ts';

/**
 * Ends connections of clients whose id begins with `clients`, drawn at random, as when a server of the service is taken
 * out of use: MQTT 5 gets a DISCONNECT with 0x8B.
 * @returns how many
 */
export function disconnectSome(
  connections: Iterable<Connection>,
  clients: string,
  howMany: (candidates: number) => number,
  random: Random,
): number {
  const candidates = [...connections].filter(({ session }) => session?.clientId.startsWith(clients) === true);
  const count = Math.min(howMany(candidates.length), candidates.length);
  // The first steps of a shuffle (Fisher and Yates).
  for (let i = 0; i < count; i++) {
    const drawn = i + Math.floor(random() * (candidates.length - i));
    const connection = candidates[drawn]!;
    candidates[drawn] = candidates[i]!;
    connection.close(reasonCodes.serverShuttingDown);
  }
  return count;
}
