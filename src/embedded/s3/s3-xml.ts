import type { AwsError } from '../gateway/aws-error.ts';
import type { GatewayResponse } from '../gateway/gateway-service.ts';

/** A name and either text or elements. */
export type XmlElement = readonly [name: string, content: string | readonly XmlElement[]];

export function renderXml(element: XmlElement, namespace?: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderElement(element, namespace)}`;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export function renderS3Error(error: AwsError, requestId: string): GatewayResponse {
  const elements: XmlElement[] = [
    ['Code', error.code],
    ['Message', error.message],
    ...Object.entries(error.details),
    ['RequestId', requestId],
  ];
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml' },
    body: renderXml(['Error', elements]),
  };
}

function renderElement([name, content]: XmlElement, namespace?: string): string {
  const inner =
    typeof content === 'string' ? escapeXml(content) : content.map((each) => renderElement(each)).join('');
  return `<${name}${namespace === undefined ? '' : ` xmlns="${namespace}"`}>${inner}</${name}>`;
}

/** XML 1.0 does not allow control characters, but a reference to them is what S3 sends. */
function escapeXml(text: string): string {
  return text.replace(/[<>&"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text of an element as a client writes it. */
export function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
