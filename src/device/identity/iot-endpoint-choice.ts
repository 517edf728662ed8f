import type { AuthKind } from '../../profile/load-profile.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { endpointFor, formatMqttEndpoint, type MqttEndpoint } from '../../targets/mqtt-endpoint.ts';

/** The target has no endpoint that accepts the way to authenticate which the profile asks for. */
export class NoEndpointError extends StampedeError {
  constructor(auth: AuthKind, endpoints: readonly MqttEndpoint[]) {
    const urls = endpoints.map(formatMqttEndpoint);
    super('NoEndpoint', `the IoT endpoint has no endpoint for connect.auth "${auth}"`, {
      hint: `it has ${urls.join(', ')}: choose one of ${endpoints.map((each) => each.auth).join(', ')}`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * The endpoint for the profile's `connect.auth`; without one, the endpoint's first.
 * @throws NoEndpointError
 */
export function chooseEndpoint(endpoints: readonly MqttEndpoint[], auth: AuthKind | undefined): MqttEndpoint {
  const endpoint = endpointFor(endpoints, auth);
  if (endpoint === undefined) throw new NoEndpointError(auth ?? 'none', endpoints);
  return endpoint;
}
