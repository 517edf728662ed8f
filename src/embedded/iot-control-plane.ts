import { notSupported } from './aws-error.ts';
import { type EdgeService, renderJsonError } from './edge.ts';

/**
 * The one question of IoT's control plane that a run asks: where the account's endpoint is.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEndpoint.html
 */
export function makeIotControlPlane(): EdgeService {
  return {
    maxBodyBytes: 65_536,
    renderError: renderJsonError,
    async handle({ method, path }) {
      if (method !== 'GET' || path !== '/endpoint') throw notSupported(`IoT’s ${method} ${path}`);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        // Its doors are in IOT_ENDPOINT, each with a port of its own; the host is the same for all.
        body: JSON.stringify({ endpointAddress: '127.0.0.1' }),
      };
    },
  };
}
