import path from 'node:path';
import { accountId, region } from '../gateway/arns.ts';
import { AwsError, notSupported } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayRequest, GatewayResponse, GatewayService } from '../gateway/gateway-service.ts';
import { makeRouteTable } from '../gateway/route-table.ts';
import { deleteObjects } from './delete-objects.ts';
import { type ObjectSummary, preconditionFailed, type RunFiles } from './run-files.ts';
import { readObjectBody } from './s3-body.ts';
import { renderS3Error, renderXml, type XmlElement } from './s3-xml.ts';

/** S3 takes 5 GB in one PUT; nothing Stampede stores comes near this. */
const maxBodyBytes = 256 * 1_048_576;
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const maxKeysPerPage = 1_000;
/** The only content types that a run has; S3 would keep what the writer said, a file has but its name. */
const contentTypes: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
};

interface ObjectRequest {
  readonly request: GatewayRequest;
  readonly files: RunFiles;
  readonly key: string;
}

type Operation = (what: ObjectRequest) => Promise<GatewayResponse>;

/** Path-style S3 over one bucket: Put, Get, Head and DeleteObject, DeleteObjects, ListObjectsV2, HeadBucket, ListBuckets. */
export function makeS3(bucket: string, files: RunFiles): GatewayService {
  const startedAt = new Date();
  type Handler = (request: GatewayRequest, key: string) => Promise<GatewayResponse> | GatewayResponse;
  const onObject: Handler = (request, key) => objectOperation(request)({ request, files, key });
  const table = makeRouteTable<Handler>({
    'GET /': () => listBuckets(bucket, startedAt),
    'HEAD /{bucket}': () => ({ status: 200 }),
    'GET /{bucket}': ({ query }) => listObjects(bucket, query, files),
    'POST /{bucket}': (request) => deleteObjects(request, files),
    'PUT /{bucket}/{key+}': onObject,
    'GET /{bucket}/{key+}': onObject,
    'HEAD /{bucket}/{key+}': onObject,
    'DELETE /{bucket}/{key+}': onObject,
  });
  return {
    routes: table.routes,
    maxBodyBytes,
    renderError: renderS3Error,
    async handle(request) {
      const { method, path } = request;
      const route = table.find(method, path);
      const name = route === undefined ? path.split('/')[1] : route.parameters.bucket;
      if (name !== undefined && decodeKey(name) !== bucket)
        throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });
      if (route === undefined) throw notSupported(`S3 ${method} ${path}`);
      return route.handler(request, decodeKey(route.parameters.key ?? ''));
    },
  };
}

const operations: Readonly<Record<string, Operation>> = {
  PUT: putObject,
  GET: getObject,
  HEAD: headObject,
  DELETE: deleteObject,
};

function objectOperation(request: GatewayRequest): Operation {
  const operation = operations[request.method];
  // `?acl`, `?uploads`, `?tagging` … are operations of their own.
  const extra = [...request.query.keys()].filter((name) => name !== 'x-id' && !/^x-amz-/i.test(name));
  if (operation === undefined || extra.length > 0)
    throw notSupported(`S3 ${request.method} on an object with '${extra.join('&')}'`);
  for (const name of ['range', 'x-amz-copy-source']) {
    if (header(request, name) !== undefined) throw notSupported(`S3 ${request.method} with ${name}`);
  }
  return operation;
}

async function putObject({ request, files, key }: ObjectRequest): Promise<GatewayResponse> {
  const ifNoneMatch = header(request, 'if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw notSupported('S3 PutObject with If-None-Match other than *');
  const ifMatch = header(request, 'if-match');
  if (ifMatch !== undefined) {
    const found = await files.head(key);
    if (found === undefined) throw noSuchKey(key);
    if (!matches(ifMatch, found)) throw preconditionFailed('If-Match');
  }
  const etag = await files.put(key, readObjectBody(request), ifNoneMatch === '*');
  return { status: 200, headers: { etag: `"${etag}"` } };
}

async function getObject({ request, files, key }: ObjectRequest): Promise<GatewayResponse> {
  const found = await files.get(key);
  if (found === undefined) throw noSuchKey(key);
  return conditional(request, found) ?? { status: 200, headers: describe(found), body: found.body };
}

async function headObject({ request, files, key }: ObjectRequest): Promise<GatewayResponse> {
  const found = await files.head(key);
  if (found === undefined) throw noSuchKey(key);
  return (
    conditional(request, found) ?? {
      status: 200,
      headers: { ...describe(found), 'content-length': String(found.bytes) },
    }
  );
}

async function deleteObject({ files, key }: ObjectRequest): Promise<GatewayResponse> {
  await files.delete(key);
  return { status: 204 };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: 412 and 304 */
function conditional(request: GatewayRequest, found: ObjectSummary): GatewayResponse | undefined {
  const ifMatch = header(request, 'if-match');
  if (ifMatch !== undefined && !matches(ifMatch, found)) throw preconditionFailed('If-Match');
  const ifNoneMatch = header(request, 'if-none-match');
  return ifNoneMatch !== undefined && matches(ifNoneMatch, found)
    ? { status: 304, headers: describe(found) }
    : undefined;
}

function matches(condition: string, { etag }: ObjectSummary): boolean {
  return condition === '*' || condition.split(',').some((each) => each.trim().replaceAll('"', '') === etag);
}

function describe({ key, etag, modifiedAt }: ObjectSummary): Record<string, string> {
  return {
    etag: `"${etag}"`,
    'last-modified': new Date(modifiedAt).toUTCString(),
    'content-type': contentTypes[path.extname(key)] ?? 'application/octet-stream',
    'accept-ranges': 'none',
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
function listBuckets(bucket: string, createdAt: Date): GatewayResponse {
  const entry: XmlElement = [
    'Bucket',
    [
      ['Name', bucket],
      ['CreationDate', createdAt.toISOString()],
      ['BucketRegion', region],
    ],
  ];
  const owner: XmlElement = ['Owner', [['ID', accountId]]];
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: renderXml(
      ['ListAllMyBucketsResult', [['Buckets', [entry]], owner]],
      'http://s3.amazonaws.com/doc/2006-03-01/',
    ),
  };
}

async function listObjects(
  bucket: string,
  query: URLSearchParams,
  files: RunFiles,
): Promise<GatewayResponse> {
  if (query.get('list-type') !== '2') throw notSupported(`S3 GET on a bucket with '${query}'`);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : decodeToken(token);
  const maxKeys = Math.min(Number(query.get('max-keys') ?? maxKeysPerPage), maxKeysPerPage);
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new AwsError('InvalidArgument', 'Provided max-keys not an integer or within integer range');

  const entries = groupKeys(await files.keys(prefix), prefix, delimiter).filter((entry) =>
    isAfter(entry, after),
  );
  const page = entries.slice(0, maxKeys);
  const last = page.at(-1);
  const isTruncated = entries.length > page.length && last !== undefined;
  const objects = await Promise.all(
    page.filter((entry) => !entry.isPrefix).map((entry) => files.head(entry.name)),
  );
  const encode =
    query.get('encoding-type') === 'url'
      ? (key: string) => encodeURIComponent(key).replaceAll('%2F', '/')
      : (key: string) => key;
  const result: XmlElement[] = [
    ['Name', bucket],
    ['Prefix', encode(prefix)],
    ['KeyCount', String(page.length)],
    ['MaxKeys', String(maxKeys)],
    ['IsTruncated', String(isTruncated)],
    ...(delimiter === '' ? [] : [['Delimiter', encode(delimiter)] as const]),
    ...(query.has('encoding-type') ? [['EncodingType', 'url'] as const] : []),
    ...(token === null ? [] : [['ContinuationToken', token] as const]),
    ...(isTruncated ? [['NextContinuationToken', encodeToken(last.name)] as const] : []),
    // A file that was deleted since the walk is no longer there to list.
    ...objects.filter((object) => object !== undefined).map((object) => contents(object, encode)),
    ...page
      .filter((entry) => entry.isPrefix)
      .map((entry) => ['CommonPrefixes', [['Prefix', encode(entry.name)]]] as const),
  ];
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: renderXml(['ListBucketResult', result], 'http://s3.amazonaws.com/doc/2006-03-01/'),
  };
}

interface ListEntry {
  readonly name: string;
  readonly isPrefix: boolean;
}

/** Keys that share what follows the prefix up to the delimiter become one common prefix; the order stays. */
function groupKeys(keys: readonly string[], prefix: string, delimiter: string): ListEntry[] {
  if (delimiter === '') return keys.map((name) => ({ name, isPrefix: false }));
  const entries: ListEntry[] = [];
  for (const key of keys) {
    const end = key.indexOf(delimiter, prefix.length);
    const name = end === -1 ? key : key.slice(0, end + delimiter.length);
    if (entries.at(-1)?.name !== name) entries.push({ name, isPrefix: end !== -1 });
  }
  return entries;
}

function isAfter(entry: ListEntry, after: string): boolean {
  return after === '' || Buffer.compare(Buffer.from(entry.name), Buffer.from(after)) > 0;
}

function contents(object: ObjectSummary, encode: (key: string) => string): XmlElement {
  return [
    'Contents',
    [
      ['Key', encode(object.key)],
      ['LastModified', new Date(object.modifiedAt).toISOString()],
      ['ETag', `"${object.etag}"`],
      ['Size', String(object.bytes)],
      ['StorageClass', 'STANDARD'],
    ],
  ];
}

const encodeToken = (key: string): string => Buffer.from(key).toString('base64url');
const decodeToken = (token: string): string => Buffer.from(token, 'base64url').toString();

function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

function noSuchKey(key: string): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
}
