import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { makeRunFiles } from '../../../../src/embedded/s3/run-files.ts';
import { makeS3 } from '../../../../src/embedded/s3/s3.ts';
import { clientSettingsOf, testKey } from '../../../support/embedded/test-key.ts';

const Bucket = 'stampede-runs';
let parent: string;
let directory: string;
let gateway: Gateway;
let client: S3Client;

beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'stampede-s3-'));
  directory = path.join(parent, 'runs');
  await mkdir(directory);
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: { s3: makeS3(Bucket, makeRunFiles(directory)) },
    unsigned: [],
  });
  client = new S3Client(clientSettingsOf(gateway));
});

afterAll(async () => {
  client.destroy();
  await gateway.close();
  await rm(parent, { recursive: true });
});

beforeEach(async () => {
  for (const name of await readdir(directory)) await rm(path.join(directory, name), { recursive: true });
});

const put = (Key: string, Body = '{}') => client.send(new PutObjectCommand({ Bucket, Key, Body }));
const read = async (Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

describe('embedded S3', () => {
  it('refuses a key that no file can have, and writes through no link', async () => {
    await expect(put(`runs/a/${'x'.repeat(256)}`)).rejects.toMatchObject({
      name: 'NotSupportedByEmbeddedAws',
    });
    await symlink(tmpdir(), path.join(directory, 'linked'));
    await expect(put('runs/linked/x.json')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(read('runs/linked/x.json')).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('lists its bucket', async () => {
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets).toEqual([{ Name: Bucket, CreationDate: expect.any(Date), BucketRegion: 'us-east-1' }]);
  });

  it('keeps runs/x/y of the bucket as the file x/y, with its ETag', async () => {
    const { ETag } = await put('runs/a-run/slices/0.json', '{"slice":0}');
    expect(ETag).toBe(`"${createHash('md5').update('{"slice":0}').digest('hex')}"`);
    expect(await readFile(path.join(directory, 'a-run/slices/0.json'), 'utf8')).toBe('{"slice":0}');
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'runs/a-run/slices/0.json' }));
    expect(got).toMatchObject({ ETag, ContentType: 'application/json', ContentLength: 11 });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'runs/a-run/slices/0.json' }));
    expect(head).toMatchObject({ ETag, ContentLength: 11 });
    expect(await readdir(path.join(directory, 'a-run/slices'))).toEqual(['0.json']);
  });

  it('takes streamed bodies with trailing checksums', async () => {
    const Body = Readable.from([Buffer.from('hello '), Buffer.alloc(100_000, 'é'), Buffer.from('\r\nend')]);
    await client.send(new PutObjectCommand({ Bucket, Key: 'runs/r/streamed', Body, ContentLength: 100_011 }));
    expect(await read('runs/r/streamed')).toBe(`hello ${'é'.repeat(50_000)}\r\nend`);
  });

  it.each(['SHA1', 'SHA256', 'CRC32C'] as const)(
    'takes bodies with a %s checksum',
    async (ChecksumAlgorithm) => {
      await client.send(new PutObjectCommand({ Bucket, Key: 'runs/r/sum', Body: 'x', ChecksumAlgorithm }));
      expect(await read('runs/r/sum')).toBe('x');
    },
  );

  it('refuses a body that does not match its checksum', async () => {
    const wrong = new PutObjectCommand({ Bucket, Key: 'runs/r/bad', Body: 'x', ChecksumCRC32: 'AAAAAA==' });
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(read('runs/r/bad')).rejects.toThrow(NoSuchKey);
  });

  it('reports what is not there', async () => {
    await expect(read('runs/none/plan.json')).rejects.toThrow(NoSuchKey);
    await expect(read('runs/none')).rejects.toThrow(NoSuchKey);
    const head = new HeadObjectCommand({ Bucket, Key: 'runs/none' });
    await expect(client.send(head)).rejects.toMatchObject({ name: 'NotFound' });
    const elsewhere = new GetObjectCommand({ Bucket: 'another', Key: 'runs/r/x' });
    await expect(client.send(elsewhere)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'runs/none/plan.json' }));
  });

  it('deletes', async () => {
    await put('runs/r/x.json');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'runs/r/x.json' }));
    await expect(read('runs/r/x.json')).rejects.toThrow(NoSuchKey);
  });

  it('deletes many at once, by names that XML escapes, and refuses what it would not do', async () => {
    const keys = ['runs/r/a&b.json', 'runs/r/ü.json', 'runs/none/x.json'];
    await put('runs/r/a&b.json');
    await put('runs/r/ü.json');
    await put('runs/r/left.json');
    const Objects = keys.map((Key) => ({ Key }));
    const result = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect(result.Errors).toBeUndefined();
    for (const key of keys) await expect(read(key)).rejects.toThrow(NoSuchKey);
    expect(await read('runs/r/left.json')).toBeDefined();
    const talkative = new DeleteObjectsCommand({ Bucket, Delete: { Objects } });
    await expect(client.send(talkative)).rejects.toThrow(/not quiet/);
  });

  it('honours conditions', async () => {
    const create = () =>
      client.send(new PutObjectCommand({ Bucket, Key: 'runs/r/once', Body: '1', IfNoneMatch: '*' }));
    const outcomes = await Promise.allSettled([create(), create(), create()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'PreconditionFailed' },
    });
    const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'runs/r/once' }));
    const unchanged = new GetObjectCommand({ Bucket, Key: 'runs/r/once', IfNoneMatch: ETag });
    await expect(client.send(unchanged)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    const swap = new PutObjectCommand({ Bucket, Key: 'runs/r/once', Body: '2', IfMatch: '"0"' });
    await expect(client.send(swap)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('lists in pages, in the order of the keys, with common prefixes', async () => {
    const keys = ['runs/a-b/plan.json', 'runs/a/plan.json', 'runs/a/slices/0.json', 'runs/a/é & <x>.json'];
    for (const key of keys) await put(key);
    await writeFile(path.join(directory, '.hidden'), 'not an object');

    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'runs/a', MaxKeys: 3, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(found).toEqual(keys);

    const top = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'runs/', Delimiter: '/' }));
    expect(top.CommonPrefixes).toEqual([{ Prefix: 'runs/a-b/' }, { Prefix: 'runs/a/' }]);
    expect(top.Contents).toBeUndefined();
    const none = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'runs/zzz/' }));
    expect(none).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  it('never leaves its directory', async () => {
    const files = makeRunFiles(directory);
    const segment = fc.constantFrom('..', '.', '', 'a', '\0', '\\..\\', '/etc', '~', '.logs');
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 6 }), async (segments) => {
        const key = `runs/${segments.join('/')}`;
        await files.put(key, Buffer.from('x'), false).catch(() => undefined);
      }),
    );
    expect(await readdir(parent)).toEqual(['runs']);
    expect((await readdir(directory)).filter((name) => name !== 'a' && name !== '~')).toEqual([]);
    await expect(put('elsewhere/x')).rejects.toMatchObject({ name: 'NotSupportedByEmbeddedAws' });
  });

  it('names the operation it does not have', async () => {
    await expect(client.send(new GetObjectAclCommand({ Bucket, Key: 'runs/r/x' }))).rejects.toMatchObject({
      name: 'NotSupportedByEmbeddedAws',
      message: expect.stringContaining('acl'),
    });
  });
});
