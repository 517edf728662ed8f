import { AwsError } from '../../gateway/aws-error.ts';
import { header } from '../../gateway/gateway.ts';
import type { GatewayRequest } from '../../gateway/gateway-service.ts';
import type { PublishHeaders } from '../mqtt/message.ts';
import { type Property, propertyIds } from '../mqtt/properties.ts';

/**
 * What the HTTP API's Publish says of its message: flags in the query, the rest of MQTT 5's properties in headers.
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html#API_iotdata_Publish_RequestSyntax
 * @throws AwsError `InvalidRequestException`
 */
export function publishHeadersOf(request: Pick<GatewayRequest, 'query' | 'headers'>): PublishHeaders {
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
    properties: properties.length > 0 ? properties : undefined,
    expirySeconds,
  };
}

function propertiesOf(request: Pick<GatewayRequest, 'query' | 'headers'>): Property[] {
  const { contentType, responseTopic, payloadFormatIndicator, correlationData, userProperty } = propertyIds;
  const format = header(request, 'x-amz-mqtt5-payload-format-indicator');
  const correlation = header(request, 'x-amz-mqtt5-correlation-data');
  const user = header(request, 'x-amz-mqtt5-user-properties');
  const given: (readonly [id: number, value: Property['value'] | null | undefined])[] = [
    [contentType, request.query.get('contentType')],
    [responseTopic, request.query.get('responseTopic')],
    [payloadFormatIndicator, format === undefined ? undefined : Number(format === 'UTF8_DATA')],
    [correlationData, correlation === undefined ? undefined : Buffer.from(correlation, 'base64')],
    ...(user === undefined ? [] : userPropertiesOf(user)).map((pair) => [userProperty, pair] as const),
  ];
  return given.flatMap(([id, value]) => (value === undefined || value === null ? [] : [{ id, value }]));
}

/** Base64 of `[{"name":"value"}, …]`; a name may come more than once. */
function userPropertiesOf(encoded: string): (readonly [name: string, value: string])[] {
  let pairs: unknown;
  try {
    pairs = JSON.parse(Buffer.from(encoded, 'base64').toString());
  } catch {
    throw invalid('the user properties are not base64 of JSON');
  }
  if (!Array.isArray(pairs)) throw invalid('the user properties are not a list');
  if (pairs.includes(null)) throw invalid('a user property is null');
  return pairs
    .flatMap((pair) => Object.entries(pair as object))
    .map(([name, value]) => {
      if (typeof value !== 'string') throw invalid(`the user property ${name} is not text`);
      return [name, value];
    });
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}
