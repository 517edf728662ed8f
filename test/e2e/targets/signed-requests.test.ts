import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { verifySignature } from '../../../src/embedded/gateway/sigv4.ts';
import { makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';

// Requests that are signed on this machine, for a service that has the user's key and no other.

const key = {
  accessKeyId: 'AKIDUSER',
  secretAccessKey: 'secret-of-the-user',
  sessionToken: 'token-of-the-user',
};
const requests = 20;

let service: Server;
let origin: string;
let statuses: number[] = [];
let workplace: Workplace;
beforeAll(async () => {
  service = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams: query } = new URL(request.url ?? '', origin);
    const { method = '', headers } = request;
    let status = 200;
    try {
      verifySignature(
        { method, path: pathname, query, headers, body: Buffer.concat(chunks) },
        (id) => (id === key.accessKeyId ? key : undefined),
        { region: 'eu-west-1', services: ['execute-api'] },
        Date.now(),
      );
    } catch {
      status = 403;
    }
    statuses.push(status);
    response.writeHead(status).end();
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  workplace = makeWorkplace();
});
afterAll(() => {
  service.close();
  workplace.remove();
});

/** None of the user who runs the tests. */
const none = {
  ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '', AWS_PROFILE: '' },
  ...{ AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_EC2_METADATA_DISABLED: 'true' },
  ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
};

async function run(env: Readonly<Record<string, string>>, signing: object = {}, method = 'POST') {
  statuses = [];
  const file = workplace.writeProfile('signed.json', {
    ...{ name: 'signed', target: `${origin}/things/{deviceId}`, devices: 2, drain: '0s' },
    ...{ ratePerSecond: requests / 2, duration: '2s' },
    http: { method, signing: { service: 'execute-api', ...signing } },
  });
  const runs = path.join(workplace.directory, 'runs');
  const { code, stdout, stderr } = await runCli(['run', file, '--runs', runs], { ...none, ...env });
  return { code, output: `${stdout}${stderr}` };
}

/** A slow machine may drop requests at the start: all that were sent are right. */
function expectSigned({ output }: { readonly output: string }): void {
  expect(output).toMatch(/PASSED|INCONCLUSIVE|FAILED/);
  expect(statuses.length).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([200]));
}

/** Every file that runs have left, logs too. */
function textsLeft(): string {
  return readdirSync(path.join(workplace.directory, 'runs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

it('are signed with the user’s credentials, of variables and of a profile, which no file of the run has', async () => {
  const ofVariables = await run({
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SESSION_TOKEN: key.sessionToken,
    AWS_REGION: 'eu-west-1',
  });
  expectSigned(ofVariables);

  const credentials = path.join(workplace.directory, 'credentials');
  writeFileSync(
    credentials,
    `[load-test]\naws_access_key_id=${key.accessKeyId}\naws_secret_access_key=${key.secretAccessKey}\n` +
      `aws_session_token=${key.sessionToken}\n`,
  );
  const ofProfile = await run(
    { AWS_PROFILE: 'load-test', AWS_SHARED_CREDENTIALS_FILE: credentials },
    { region: 'eu-west-1' },
  );
  expectSigned(ofProfile);

  const left = `${textsLeft()}${ofVariables.output}${ofProfile.output}`;
  expect(left).toContain('execute-api');
  expect(left).not.toContain(key.secretAccessKey);
  expect(left).not.toContain(key.sessionToken);
  expect(left).not.toContain(key.accessKeyId);
});

it('are refused before anything starts without credentials, without a Region, and where the service refuses one', async () => {
  const noCredentials = await run({ AWS_REGION: 'eu-west-1' });
  expect(noCredentials).toMatchObject({
    code: 2,
    output: expect.stringMatching(
      /http\.signing needs credentials of AWS.*nothing was started\n.*AWS_PROFILE/,
    ),
  });
  const noRegion = await run({
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  });
  expect(noRegion).toMatchObject({
    code: 2,
    output: expect.stringMatching(
      /http\.signing needs a Region.*nothing was started\n.*http\.signing\.region/,
    ),
  });
  expect(statuses).toEqual([]);

  const another = {
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'of-another',
    AWS_REGION: 'eu-west-1',
  };
  const refused = await run(another, {}, 'GET');
  expect(refused).toMatchObject({ code: 3, output: expect.stringContaining('answers GET with 403') });
  expect(statuses).toEqual([403]);
});
