import { exitCodes, StampedeError } from '../../profile/errors.ts';
import type { AuthKind } from '../../profile/load-profile.ts';

/** One way into the IoT endpoint. */
export interface IotDoor {
  readonly scheme: 'mqtt' | 'mqtts' | 'wss';
  readonly host: string;
  readonly port: number;
}

export class NoDoorError extends StampedeError {
  constructor(auth: AuthKind, doors: readonly IotDoor[]) {
    super('NoDoor', `the IoT endpoint has no door for connect.auth "${auth}"`, {
      hint: `it has ${doors.map((door) => `${door.scheme}://${door.host}:${door.port}`).join(', ')}: choose one of ${doors.map((door) => authOf[door.scheme]).join(', ')}`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/** What each door asks for first. A custom authorizer answers at the TLS doors. */
const authOf = { mqtt: 'none', mqtts: 'x509', wss: 'sigv4' } as const;
const schemesOf: Readonly<Record<AuthKind, readonly IotDoor['scheme'][]>> = {
  none: ['mqtt'],
  x509: ['mqtts'],
  sigv4: ['wss'],
  custom: ['mqtts', 'wss'],
};

/**
 * The door for the profile's `connect.auth`; without one, the endpoint's first.
 * @throws NoDoorError
 */
export function chooseDoor(
  doors: readonly IotDoor[],
  auth: AuthKind | undefined,
): { door: IotDoor; auth: AuthKind } {
  const door = auth === undefined ? doors[0] : doors.find(({ scheme }) => schemesOf[auth].includes(scheme));
  if (door === undefined) throw new NoDoorError(auth ?? 'none', doors);
  return { door, auth: auth ?? authOf[door.scheme] };
}
