import type { AuthKind } from '../../profile/load-profile.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import type { IotDoor } from '../../targets/target.ts';

export class NoDoorError extends StampedeError {
  constructor(auth: AuthKind, doors: readonly IotDoor[]) {
    const urls = doors.map(({ scheme, host, port }) => `${scheme}://${host}:${port}`);
    super('NoDoor', `the IoT endpoint has no door for connect.auth "${auth}"`, {
      hint: `it has ${urls.join(', ')}: choose one of ${doors.map(authOf).join(', ')}`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * What each door asks for. At one port of AWS IoT Core the protocol named to TLS tells a custom authorizer (`mqtt`) from a
 * certificate (`x-amzn-mqtt-ca`).
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
function authOf({ scheme, alpn }: IotDoor): AuthKind {
  if (scheme === 'mqtt') return 'none';
  if (scheme === 'wss') return 'sigv4';
  return alpn === 'mqtt' ? 'custom' : 'x509';
}

export interface ChosenDoor {
  readonly door: IotDoor;
  readonly auth: AuthKind;
}

/**
 * The door for the profile's `connect.auth`; without one, the endpoint's first.
 * @throws NoDoorError
 */
export function chooseDoor(doors: readonly IotDoor[], auth: AuthKind | undefined): ChosenDoor {
  const door = doors.find((each) => auth === undefined || authOf(each) === auth);
  if (door === undefined) throw new NoDoorError(auth ?? 'none', doors);
  return { door, auth: auth ?? authOf(door) };
}
