import { iotCoreLimits } from '../../../targets/aws-iot/iot-core-limits.ts';
import { AwsError, notSupported } from '../../gateway/aws-error.ts';
import type { GatewayRequest, GatewayResponse, GatewayService } from '../../gateway/gateway-service.ts';
import { makeRouteTable } from '../../gateway/route-table.ts';
import { isSigned } from '../../gateway/sigv4.ts';
import { forbidden } from '../auth/access-keys.ts';
import type { AuthorizeRequest } from '../auth/http-authorization.ts';
import type { Access } from '../mqtt/access.ts';
import type { BrokerParts } from '../mqtt/broker-state.ts';
import type { Message, PublishHeaders } from '../mqtt/message.ts';
import { type Property, propertyIds } from '../mqtt/properties.ts';
import { isTopicName } from '../mqtt/topic-filter.ts';
import { publishHeadersOf } from './publish-headers.ts';

export interface DataPlaneParts
  extends Pick<BrokerParts, 'clock' | 'metrics' | 'quotas' | 'faults' | 'router'> {
  readonly authorize: AuthorizeRequest;
}

/** Retained messages a page. @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_ListRetainedMessages.html */
const maxPage = 200;

const topicsPath = '/topics/';

/**
 * The HTTP API of the message broker: Publish, GetRetainedMessage, ListRetainedMessages.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Data_Plane.html
 */
export function makeDataPlane(parts: DataPlaneParts): GatewayService {
  const table = makeRouteTable<(request: GatewayRequest, topic: string) => Promise<GatewayResponse>>({
    [`POST ${topicsPath}{topic+}`]: async (request) => {
      const answer = publish(parts, request, await publisherAccess(parts, request));
      await parts.faults.delayAnswer();
      return answer;
    },
    'GET /retainedMessage': async (request) => {
      const access = await parts.authorize(request);
      if (!access.mayListRetained()) throw forbidden('Forbidden');
      return listRetained(parts, request.query);
    },
    'GET /retainedMessage/{topic+}': async (request, encoded) => {
      const topic = decodeTopic(encoded);
      const access = await parts.authorize(request);
      if (!access.mayGetRetained(topic)) throw forbidden('Forbidden');
      return getRetained(parts, topic);
    },
  });
  return {
    routes: table.routes,
    maxBodyBytes: iotCoreLimits.payloadBytes,
    renderError: (error, requestId) => {
      // A body that is too large never comes to `handle`.
      if (error.status === 413) parts.metrics.publishInClientError.add(parts.clock.now());
      return renderDataPlaneError(error, requestId);
    },
    async handle(request) {
      await parts.faults.whenRunning();
      const { method, path } = request;
      const route = table.find(method, path);
      if (route !== undefined) return route.handler(request, route.parameters.topic ?? '');
      if (table.has(path)) throw methodNotAllowed(method);
      // Where the operations of other services are, which came here without a signature.
      if (path === '/' && !isSigned(request)) throw forbidden('Missing Authentication Token');
      throw notSupported(`the IoT data plane's ${method} ${path}`);
    },
  };
}

async function publisherAccess(parts: DataPlaneParts, request: GatewayRequest): Promise<Access> {
  try {
    return await parts.authorize(request);
  } catch (error) {
    parts.metrics.publishInAuthError.add(parts.clock.now());
    throw error;
  }
}

function publish(parts: DataPlaneParts, request: GatewayRequest, access: Access): GatewayResponse {
  const { metrics, router } = parts;
  const now = parts.clock.now();
  let topic: string;
  let headers: PublishHeaders;
  try {
    topic = decodeTopic(request.path.slice(topicsPath.length));
    if (!isTopicName(topic)) throw invalidRequest(`the topic '${topic}' is not valid`);
    headers = publishHeadersOf(request);
  } catch (error) {
    metrics.publishInClientError.add(now);
    throw error;
  }
  if (!access.mayPublish(topic) || (headers.retain && !access.mayRetain(topic))) {
    metrics.publishInAuthError.add(now);
    if (headers.retain) metrics.publishRetainedAuthError.add(now);
    throw forbidden('Forbidden');
  }
  const isRetainedThrottled = headers.retain && !parts.quotas.admitRetained(topic, now);
  if (isRetainedThrottled) metrics.publishRetainedThrottle.add(now);
  if (isRetainedThrottled || !parts.quotas.admitPublishIn(now)) {
    metrics.publishInThrottle.add(now);
    throw new AwsError('ThrottlingException', 'Rate exceeded', 429);
  }
  metrics.publishInSuccess.add(now);
  if (headers.retain) metrics.publishRetainedSuccess.add(now);
  const { body } = request;
  router.publish(router.routeOf(topic), {
    topic,
    bytes: body,
    start: 0,
    end: body.length,
    headers,
    publisher: undefined,
    clientId: undefined,
    nowMs: now,
  });
  return json({ message: 'OK', traceId: request.requestId });
}

function getRetained(parts: DataPlaneParts, topic: string): GatewayResponse {
  const message = parts.router.retained.get(topic, parts.clock.now());
  if (message === undefined) {
    throw new AwsError('ResourceNotFoundException', `No retained message exists for topic ${topic}`, 404);
  }
  const pairs = pairsOf(message.headers.properties ?? []);
  return json({
    topic,
    payload: message.payload.toString('base64'),
    qos: message.headers.qos,
    lastModifiedTime: message.publishedAtMs,
    ...(pairs.length === 0 ? {} : { userProperties: Buffer.from(JSON.stringify(pairs)).toString('base64') }),
  });
}

/** Pages in the order of topics; the token is the last topic of the page before. */
function listRetained(parts: DataPlaneParts, query: URLSearchParams): GatewayResponse {
  const wanted = Number(query.get('maxResults') ?? maxPage);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > maxPage) {
    throw invalidRequest(`maxResults is a whole number from 1 to ${maxPage}`);
  }
  const after = Buffer.from(query.get('nextToken') ?? '', 'base64url').toString();
  const rest = parts.router.retained.list(parts.clock.now()).filter(({ topic }) => topic > after);
  const page = rest.slice(0, wanted);
  return json({
    retainedTopics: page.map(summaryOf),
    ...(rest.length > page.length
      ? { nextToken: Buffer.from(page.at(-1)?.topic ?? '').toString('base64url') }
      : {}),
  });
}

function summaryOf(message: Message) {
  return {
    topic: message.topic,
    payloadSize: message.payload.length,
    qos: message.headers.qos,
    lastModifiedTime: message.publishedAtMs,
  };
}

/** MQTT's user properties as the API writes them: `[{"name":"value"}, …]`. */
function pairsOf(properties: readonly Property[]): Record<string, string>[] {
  return properties
    .filter(({ id }) => id === propertyIds.userProperty)
    .map(({ value }) => Object.fromEntries([value as readonly [string, string]]) as Record<string, string>);
}

function decodeTopic(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalidRequest('the topic in the path is not percent-encoded UTF-8');
  }
}

function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}

function methodNotAllowed(method: string): AwsError {
  return new AwsError('MethodNotAllowedException', `${method} is not allowed here`, 405);
}

function json(body: unknown): GatewayResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html#API_iotdata_Publish_Errors */
function renderDataPlaneError(error: AwsError, traceId: string): GatewayResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({ message: error.message, traceId }),
  };
}
