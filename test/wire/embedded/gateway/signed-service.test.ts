import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { makeSecretsManager } from '../../../../src/embedded/account/secrets-manager.ts';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { makeRunFiles } from '../../../../src/embedded/s3/run-files.ts';
import { makeS3 } from '../../../../src/embedded/s3/s3.ts';
import { makeCloudFormation } from '../../../../src/embedded/stack/cloudformation.ts';
import { clientSettingsOf, testKey } from '../../../support/embedded/test-key.ts';
import { Sha256 } from '../../../support/iot-core/listeners/presign.ts';

const Bucket = 'stampede-runs';
let directory: string;
let gateway: Gateway;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-signed-'));
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: {
      s3: makeS3(Bucket, makeRunFiles(directory)),
      secretsmanager: makeSecretsManager(() => ({ it: 'secret' })),
      cloudformation: makeCloudFormation({ name: 'stampede-dev', outputs: {}, resources: [] }),
    },
    unsigned: [],
  });
});
afterAll(async () => {
  await gateway.close();
  await rm(directory, { recursive: true });
});

const settings = (more: object) => ({
  ...clientSettingsOf(gateway),
  ...more,
});
/** A call of each protocol: the name of the error, or `passed`. */
const calls: Readonly<Record<string, (more: object) => Promise<unknown>>> = {
  S3: (more) =>
    new S3Client({ ...settings(more), forcePathStyle: true }).send(
      new PutObjectCommand({ Bucket, Key: 'runs/r/a (b)+ü.json', Body: '{}' }),
    ),
  'Secrets Manager': (more) =>
    new SecretsManagerClient(settings(more)).send(new GetSecretValueCommand({ SecretId: 'it' })),
  CloudFormation: (more) => new CloudFormationClient(settings(more)).send(new DescribeStacksCommand({})),
};
const outcomeOf = (service: string, more: object = {}): Promise<unknown> =>
  calls[service]!(more).then(
    () => 'passed',
    ({ name }: Error) => name,
  );

const secretAccessKey = 'guess';
describe.each([
  ['S3', 'SignatureDoesNotMatch', 'InvalidAccessKeyId', 'InvalidToken', 'AuthorizationHeaderMalformed'],
  [
    'Secrets Manager',
    'InvalidSignatureException',
    'UnrecognizedClientException',
    'UnrecognizedClientException',
    'InvalidSignatureException',
  ],
  [
    'CloudFormation',
    'SignatureDoesNotMatch',
    'InvalidClientTokenId',
    'InvalidClientTokenId',
    'SignatureDoesNotMatch',
  ],
])('%s', (service, mismatch, unknownKey, unknownToken, wrongScope) => {
  it('takes what the SDK signs with the key, and refuses all else under the names that AWS has for it', async () => {
    expect(await outcomeOf(service)).toBe('passed');
    expect(await outcomeOf(service, { credentials: { ...testKey, secretAccessKey } })).toBe(mismatch);
    expect(await outcomeOf(service, { credentials: { ...testKey, accessKeyId: 'AKID' } })).toBe(unknownKey);
    expect(await outcomeOf(service, { credentials: { ...testKey, sessionToken: 'x' } })).toBe(unknownToken);
    expect(await outcomeOf(service, { region: 'eu-west-1' })).toBe(wrongScope);
  });

  it('takes a clock that is up to five minutes off', async () => {
    expect(await outcomeOf(service, { systemClockOffset: -290_000 })).toBe('passed');
    expect(await outcomeOf(service, { systemClockOffset: 290_000 })).toBe('passed');
    const late = service === 'S3' ? 'RequestTimeTooSkewed' : mismatch;
    expect(await outcomeOf(service, { systemClockOffset: -310_000 })).toBe(late);
    expect(await outcomeOf(service, { systemClockOffset: 310_000 })).toBe(late);
  });
});

it('refuses what carries no signature at all', async () => {
  for (const at of ['/', `/${Bucket}/runs/x`, '/2015-03-31/functions/f/invocations', '/nothing']) {
    const answer = await fetch(`${gateway.url}${at}`);
    expect([answer.status, await answer.json()]).toMatchObject([
      403,
      { __type: 'MissingAuthenticationTokenException' },
    ]);
  }
});

describe('embedded S3', () => {
  const send = (method: string, at: string, headers: object, body = ''): Promise<number> =>
    new Promise((resolve, reject) => {
      request(`${gateway.url}${at}`, { method, headers: { ...headers } }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      })
        .on('error', reject)
        .end(body);
    });
  const signer = new SignatureV4({
    credentials: testKey,
    region: 'us-east-1',
    service: 's3',
    sha256: Sha256 as never,
    uriEscapePath: false,
  });
  const unsigned = (method: string, name: string, body?: string, more: object = {}) => ({
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: `/${Bucket}/runs/${name}/x.json`,
    query: {},
    headers: { host: `127.0.0.1:${gateway.port}`, ...more },
    body,
  });

  it('holds the body against the hash that was signed', async () => {
    const { headers, path: at } = await signer.sign(unsigned('PUT', 'hashed', '{"a":1}'));
    expect(await send('PUT', at, headers, '{"a":2}')).toBe(403);
    expect(await readdir(directory)).not.toContain('hashed');
    expect(await send('PUT', at, headers, '{"a":1}')).toBe(200);
  });

  it('takes a stream, whose checksum follows it', async () => {
    const client = new S3Client({ ...settings({}), forcePathStyle: true });
    const Body = Readable.from([Buffer.from('{"a":'), Buffer.from('3}')]);
    const key = { Bucket, Key: 'runs/streamed/stream.json' };
    await client.send(new PutObjectCommand({ ...key, Body, ContentLength: 7 }));
    const { Body: read } = await client.send(new GetObjectCommand(key));
    expect(await read?.transformToString()).toBe('{"a":3}');
    client.destroy();
  });

  it('takes a link that was signed for a while', async () => {
    const put = await signer.sign(unsigned('PUT', 'linked', '{"a":1}'));
    expect(await send('PUT', put.path, put.headers, '{"a":1}')).toBe(200);
    const undecided = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const { query = {}, path: at } = await signer.presign(
      unsigned('GET', 'linked', undefined, undecided) as never,
      { expiresIn: 60 },
    );
    const search = new URLSearchParams(query as Record<string, string>);
    expect(await send('GET', `${at}?${search}`, {})).toBe(200);
    search.set('X-Amz-Expires', '3600');
    expect(await send('GET', `${at}?${search}`, {})).toBe(403);
  });
});
