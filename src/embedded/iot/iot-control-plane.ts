import { notSupported } from '../gateway/aws-error.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';
import { makeRouteTable } from '../gateway/route-table.ts';
import { renderJsonError } from '../gateway/serve-request.ts';

/**
 * The one operation of IoT's control plane that a run calls: where the account's endpoint is.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEndpoint.html
 */
/** @param port of the listener that is AWS's 443: HTTPS, WebSocket, MQTT by ALPN */
export function makeIotControlPlane(port: () => number): GatewayService {
  const table = makeRouteTable({
    // AWS's answer has no port, for it is 443; the other listeners are in IOT_ENDPOINT.
    'GET /endpoint': () => ({ endpointAddress: `127.0.0.1:${port()}` }),
  });
  return {
    routes: table.routes,
    maxBodyBytes: 65_536,
    renderError: renderJsonError,
    async handle({ method, path }) {
      const route = table.find(method, path);
      if (route === undefined) throw notSupported(`IoT’s ${method} ${path}`);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(route.handler()),
      };
    },
  };
}
