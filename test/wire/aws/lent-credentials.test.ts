import { afterEach, expect, it } from '@jest/globals';
import { makeLentCredentials } from '../../../src/aws/lent-credentials.ts';
import { lentCredentialsPath, makeCredentialLender } from '../../../src/embedded/account/lend-credentials.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';

// The user's credentials of AWS, from the process that holds them to a slice that signs.

const token = 'token-of-the-test';
const key = { accessKeyId: 'AKIDUSER', secretAccessKey: 'secret-of-the-user' };

const gateways: Gateway[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

async function lend(find: Parameters<typeof makeCredentialLender>[1]): Promise<string> {
  const lender = makeCredentialLender(token, find);
  const gateway = await startGateway({
    accessKeys: [],
    signed: {},
    unsigned: [[lentCredentialsPath, lender]],
  });
  gateways.push(gateway);
  return `${gateway.url}${lentCredentialsPath}`;
}

it('are read once, and are renewed five minutes before they expire', async () => {
  let now = Date.UTC(2026, 0, 1);
  let reads = 0;
  const expiration = new Date(now + 3_600_000);
  const url = await lend(async () => ({ ...key, sessionToken: `session-${++reads}`, expiration }));
  const { region, credentials } = makeLentCredentials({ url, token, region: 'eu-west-1' }, () => now);
  expect(await region()).toBe('eu-west-1');
  const both = await Promise.all([credentials(), credentials()]);
  expect(both.map(({ sessionToken }) => sessionToken)).toEqual(['session-1', 'session-1']);
  expect(await credentials()).toMatchObject({ ...key, sessionToken: 'session-1' });
  now += 3_299_999;
  expect((await credentials()).sessionToken).toBe('session-1');
  now += 1;
  expect((await credentials()).sessionToken).toBe('session-2');
});

it('that are not renewed are read every ten seconds until they expire', async () => {
  let now = Date.UTC(2026, 0, 1);
  let reads = 0;
  const expiration = new Date(now + 25_000);
  const url = await lend(async () => ({ ...key, sessionToken: `session-${++reads}`, expiration }));
  const { credentials } = makeLentCredentials({ url, token, region: '' }, () => now);
  const readsOf = async (afterMs: number) => {
    now = expiration.getTime() - 25_000 + afterMs;
    await credentials();
    return reads;
  };
  expect(await readsOf(0)).toBe(1);
  expect(await readsOf(9_999)).toBe(1);
  expect(await readsOf(10_000)).toBe(2);
  expect(await readsOf(20_000)).toBe(3);
  expect(await readsOf(24_999)).toBe(3);
  expect(await readsOf(25_000)).toBe(4);
});

it('without an end are read once', async () => {
  let reads = 0;
  const url = await lend(async () => {
    reads++;
    return key;
  });
  const { credentials } = makeLentCredentials({ url, token, region: '' }, () => Number.MAX_SAFE_INTEGER);
  await credentials();
  expect(await credentials()).not.toHaveProperty('sessionToken');
  expect(reads).toBe(1);
});

it('are refused without the token, and no answer without credentials shows more than a name', async () => {
  const url = await lend(() => Promise.reject(Object.assign(new Error('secret'), { name: 'NoProvider' })));
  const withToken = (text: string) => fetch(url, { headers: { authorization: text } });
  const [refused, empty] = [await withToken('token-of-others!'), await withToken(token)];
  expect([refused.status, empty.status]).toEqual([403, 404]);
  expect(`${await refused.text()}${await empty.text()}`).not.toContain('secret');
  const { credentials } = makeLentCredentials({ url, token, region: '' });
  await expect(credentials()).rejects.toMatchObject({ code: 'NoLentCredentials', exitCode: 2 });
  // The next slice asks again.
  await expect(credentials()).rejects.toMatchObject({ code: 'NoLentCredentials' });
});
