import type { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';
import { makeTokenReader } from '../../../src/aws/influx-token.ts';

function ssmOf(answers: (string | Error)[]) {
  const requested: unknown[] = [];
  const client = {
    send: async (command: { readonly input: unknown }) => {
      requested.push(command.input);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { Parameter: { Value: answer } };
    },
  } as unknown as Pick<SSMClient, 'send'>;
  return { requested, makeClient: () => client };
}

describe('InfluxDB’s token', () => {
  it('is itself', async () => {
    expect(await makeTokenReader({ value: 'secret' })()).toBe('secret');
  });

  it('is read from SSM once, decrypted, and again only after a failure', async () => {
    const { requested, makeClient } = ssmOf([new Error('ThrottlingException'), 'secret']);
    const read = makeTokenReader({ parameter: '/stampede/influx-token' }, makeClient);
    await expect(read()).rejects.toThrow('ThrottlingException');
    expect(await Promise.all([read(), read()])).toEqual(['secret', 'secret']);
    expect(await read()).toBe('secret');
    expect(requested).toEqual(Array(2).fill({ Name: '/stampede/influx-token', WithDecryption: true }));
  });

  it('is read again after five minutes, and kept where that fails', async () => {
    const { requested, makeClient } = ssmOf(['old', new Error('ThrottlingException'), 'new']);
    let now = 0;
    const read = makeTokenReader({ parameter: '/p' }, makeClient, () => now);
    expect(await read()).toBe('old');
    now = 299_999;
    expect([await read(), requested.length]).toEqual(['old', 1]);
    now = 300_000;
    expect([await read(), requested.length]).toEqual(['old', 2]);
    expect([await read(), requested.length]).toEqual(['new', 3]);
  });

  it('is not the empty parameter', async () => {
    const { makeClient } = ssmOf(['']);
    await expect(makeTokenReader({ parameter: '/p' }, makeClient)()).rejects.toThrow('/p is empty');
  });
});
