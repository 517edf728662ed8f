import { AwsError } from '../../aws-error.ts';
import { type EdgeRequest, header } from '../../edge.ts';
import type { PublishHeaders, PublishProperties } from '../mqtt/message.ts';

/**
 * What the HTTP API's Publish says of its message: flags in the query, the rest of MQTT 5's properties in headers.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html#API_iotdata_Publish_RequestSyntax
 * @throws AwsError `InvalidRequestException`
 */
export function publishHeadersOf(request: Pick<EdgeRequest, 'query' | 'headers'>): PublishHeaders {
  const { query } = request;
  const qos = query.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') throw invalid('qos is 0 or 1');
  const expiry = query.get('messageExpiry');
  const expirySeconds = expiry === null ? undefined : Number(expiry);
  if (expirySeconds !== undefined && !(expirySeconds >= 0))
    throw invalid('messageExpiry is a number of seconds');
  const properties = propertiesOf(request);
  return {
    qos: qos === '1' ? 1 : 0,
    retain: query.get('retain') === 'true',
    properties: Object.keys(properties).length > 0 ? properties : undefined,
    expirySeconds,
  };
}

function propertiesOf(request: Pick<EdgeRequest, 'query' | 'headers'>): PublishProperties {
  const properties: PublishProperties = {};
  const contentType = request.query.get('contentType');
  if (contentType !== null) properties.contentType = contentType;
  const responseTopic = request.query.get('responseTopic');
  if (responseTopic !== null) properties.responseTopic = responseTopic;
  const format = header(request, 'x-amz-mqtt5-payload-format-indicator');
  if (format !== undefined) properties.payloadFormatIndicator = format === 'UTF8_DATA';
  const correlation = header(request, 'x-amz-mqtt5-correlation-data');
  if (correlation !== undefined) properties.correlationData = Buffer.from(correlation, 'base64');
  const user = header(request, 'x-amz-mqtt5-user-properties');
  if (user !== undefined) properties.userProperties = userPropertiesOf(user);
  return properties;
}

/** Base64 of `[{"name":"value"}, …]`; a name may come more than once. */
function userPropertiesOf(encoded: string): Record<string, string | string[]> {
  let pairs: unknown;
  try {
    pairs = JSON.parse(Buffer.from(encoded, 'base64').toString());
  } catch {
    throw invalid('the user properties are not base64 of JSON');
  }
  if (!Array.isArray(pairs)) throw invalid('the user properties are not a list');
  const properties = new Map<string, string[]>();
  if (pairs.includes(null)) throw invalid('a user property is null');
  for (const [name, value] of pairs.flatMap((pair) => Object.entries(pair as object))) {
    if (typeof value !== 'string') throw invalid(`the user property ${name} is not text`);
    properties.set(name, [...(properties.get(name) ?? []), value]);
  }
  return Object.fromEntries(properties);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}
