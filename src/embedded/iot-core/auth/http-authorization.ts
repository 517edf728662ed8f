import { TLSSocket } from 'node:tls';
import { header } from '../../gateway/gateway.ts';
import type { GatewayRequest } from '../../gateway/gateway-service.ts';
import { isSigned } from '../../gateway/sigv4.ts';
import type { Access } from '../mqtt/access.ts';
import { type AccessKeys, forbidden } from './access-keys.ts';
import type { CustomAuthorizers } from './custom-authorizers.ts';
import type { KnownCertificates } from './known-certificates.ts';

/**
 * Says what the sender of a request over HTTP may do.
 * @throws AwsError `ForbiddenException` for a client that does not identify itself, or whose signature or certificate is not valid
 */
export type AuthorizeRequest = (request: GatewayRequest) => Access | Promise<Access>;

/** The SDKs' own, and the device gateway's. */
const services = ['iotdata', 'iotdevicegateway'];

/** Authorizes by Signature Version 4, or by a custom authorizer if the request names one or there is a default. */
export function bySignature(accessKeys: AccessKeys, authorizers: CustomAuthorizers): AuthorizeRequest {
  return (request) => {
    const sourceIp = request.socket.remoteAddress;
    if (isSigned(request) || !authorizers.exist) return accessKeys.accessOf(request, services)({ sourceIp });
    return byAuthorizer(authorizers, request, sourceIp);
  };
}

async function byAuthorizer(
  authorizers: CustomAuthorizers,
  request: GatewayRequest,
  sourceIp: string | undefined,
): Promise<Access> {
  const { query, headers, socket } = request;
  const texts = Object.keys(headers).map((name) => [name, header(request, name) ?? ''] as const);
  const grant = await authorizers.authorize({
    tls: socket instanceof TLSSocket ? { serverName: socket.servername || '' } : undefined,
    http: { headers: Object.fromEntries(texts), queryString: query.size === 0 ? '' : `?${query}` },
    sourceIp,
  });
  if (grant === undefined) throw forbidden('Forbidden');
  return grant.access;
}

/** Authorizes by the client certificate of the connection. */
export function byCertificate(certificates: KnownCertificates): AuthorizeRequest {
  return ({ socket }) => {
    const client = socket instanceof TLSSocket ? certificates.clientOf(socket) : undefined;
    if (client === undefined) throw forbidden('Forbidden');
    return client.accessOf(undefined);
  };
}
