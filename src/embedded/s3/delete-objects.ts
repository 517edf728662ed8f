import { AwsError, notSupported } from '../gateway/aws-error.ts';
import type { GatewayRequest, GatewayResponse } from '../gateway/gateway-service.ts';
import type { RunFiles } from './run-files.ts';
import { readObjectBody } from './s3-body.ts';
import { renderXml, unescapeXml } from './s3-xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const maxKeys = 1_000;

/** DeleteObjects, in its quiet form: what is not there counts as deleted. */
export async function deleteObjects(request: GatewayRequest, files: RunFiles): Promise<GatewayResponse> {
  const text = readObjectBody(request).toString();
  if (!request.query.has('delete') || !/<Quiet>true<\/Quiet>/.test(text))
    throw notSupported(`S3 POST on a bucket with '${request.query}', or DeleteObjects that is not quiet`);
  const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key));
  if (keys.length === 0 || keys.length > maxKeys)
    throw new AwsError(
      'MalformedXML',
      `A request deletes from 1 to ${maxKeys} objects, and this one ${keys.length}`,
    );
  for (const key of keys) await files.delete(key);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: renderXml(['DeleteResult', []], 'http://s3.amazonaws.com/doc/2006-03-01/'),
  };
}
