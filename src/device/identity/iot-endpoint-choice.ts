import type { AuthKind } from '../../profile/load-profile.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import type { IotEndpoint } from '../../targets/target.ts';

export class NoEndpointError extends StampedeError {
  constructor(auth: AuthKind, endpoints: readonly IotEndpoint[]) {
    const urls = endpoints.map(({ scheme, host, port }) => `${scheme}://${host}:${port}`);
    super('NoEndpoint', `the IoT endpoint has no endpoint for connect.auth "${auth}"`, {
      hint: `it has ${urls.join(', ')}: choose one of ${endpoints.map(authOf).join(', ')}`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * What each endpoint requires. On one port, AWS IoT Core selects by ALPN between a custom authorizer (`mqtt`) and a
 * certificate (`x-amzn-mqtt-ca`).
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
 */
function authOf({ scheme, alpn }: IotEndpoint): AuthKind {
  if (scheme === 'mqtt') return 'none';
  if (scheme === 'wss') return 'sigv4';
  return alpn === 'mqtt' ? 'custom' : 'x509';
}

export interface ChosenEndpoint {
  readonly endpoint: IotEndpoint;
  readonly auth: AuthKind;
}

/**
 * The endpoint for the profile's `connect.auth`; without one, the endpoint's first.
 * @throws NoEndpointError
 */
export function chooseEndpoint(
  endpoints: readonly IotEndpoint[],
  auth: AuthKind | undefined,
): ChosenEndpoint {
  const endpoint = endpoints.find((each) => auth === undefined || authOf(each) === auth);
  if (endpoint === undefined) throw new NoEndpointError(auth ?? 'none', endpoints);
  return { endpoint, auth: auth ?? authOf(endpoint) };
}
