import { describe, expect, it } from '@jest/globals';
import { makeJsonService } from '../../../../src/embedded/gateway/aws-json.ts';
import type { GatewayRequest } from '../../../../src/embedded/gateway/gateway-service.ts';

const service = makeJsonService({
  service: 'Echo',
  version: '1.0',
  maxBodyBytes: 1_000_000,
  operations: { Echo: (input) => input },
});

const send = async (body: string) =>
  service.handle({
    method: 'POST',
    path: '/',
    headers: { 'x-amz-target': 'Echo.Echo' },
    body: Buffer.from(body),
  } as unknown as GatewayRequest);

/** An object around lists: one level more. */
const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

describe('a JSON body', () => {
  it.each([1_001, 50_000, 400_000])('nested %d levels deep is refused with 400', async (levels) => {
    await expect(send(nested(levels))).rejects.toMatchObject({
      code: 'SerializationException',
      status: 400,
      message: 'the body is nested more than 1000 levels deep',
    });
  });

  it('nested as deep as allowed is taken, and brackets in its texts are no levels', async () => {
    const texts = JSON.stringify({ a: '['.repeat(5_000), b: `\\"${'{'.repeat(5_000)}`, '[[': [] });
    for (const body of [nested(1_000), texts, JSON.stringify({ a: new Array(2_000).fill([]) })])
      expect(await send(body)).toMatchObject({ status: 200, body });
  });
});
