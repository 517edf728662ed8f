import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '../../../src/embedded/process/start-embedded-aws.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, startCli, type Workplace } from '../../support/cli/run-cli.ts';
import { keyIn } from '../../support/embedded/test-key.ts';
import {
  isMosquittoInstalled,
  type MosquittoTarget,
  startMosquittoTarget,
} from '../../support/targets/mosquitto.ts';

// `--stage` with a target of the profile: the functions of the stack load it, with credentials from Secrets Manager.

const devices = 6;
const load = {
  name: 'deployed',
  devices,
  ratePerSecond: 12,
  duration: '3s',
  drain: '1s',
  slices: { devicesPerSlice: 3 },
};
const sent = 36;
const token = 'Bearer of-the-stack-77';

let workplace: Workplace;
let aws: EmbeddedAws;
let broker: MosquittoTarget | undefined;
let server: Server;
let origin: string;
const requests: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  workplace = makeWorkplace();
  server = createServer((request, response) => {
    requests.push(request.headers);
    request.resume().once('end', () => response.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  aws = await startEmbeddedAws({ runsDirectory: path.join(workplace.directory, 'aws') });
  await storeSecret('token', token);
  if (!isMosquittoInstalled) return;
  broker = await startMosquittoTarget(1);
  const { ca, cert, key } = broker.files;
  await storeSecret('password', JSON.stringify({ username: 'all', password: 'secret-42' }));
  await storeSecret('ca', read(ca));
  await storeSecret('device', JSON.stringify({ certificate: read(cert), privateKey: read(key) }));
});
afterAll(async () => {
  server.close();
  await aws.close();
  await broker?.close();
  workplace.remove();
});

const read = (file: string): string => readFileSync(file, 'utf8');
const secretOf = (name: string): string => `stampede-dev/target-${name}`;
const runsOf = (name: string): string => path.join(workplace.directory, name);

/** As `aws secretsmanager create-secret` does. */
async function storeSecret(name: string, text: string): Promise<void> {
  const { environment } = aws;
  const client = new SecretsManagerClient({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: keyIn(environment),
  });
  await client.send(new CreateSecretCommand({ Name: secretOf(name), SecretString: text }));
  client.destroy();
}

/** Once in the stack; everything but the report lies in the run store of embedded AWS. */
async function run(name: string, profile: object, ...args: readonly string[]) {
  const file = workplace.writeProfile(`${name}.json`, { ...load, ...profile });
  const { code, stdout, stderr } = await startCli(
    ['run', file, '--stage', 'dev', '--runs', runsOf(name), ...args],
    aws.environment,
  ).result;
  return { code, output: `${stdout}${stderr}` };
}

async function reportOf(...args: Parameters<typeof run>): Promise<Report> {
  const { output } = await run(...args);
  const [, file] = /^\s*(\S+report\.json)$/m.exec(output) ?? [];
  if (file === undefined) throw new Error(output);
  expect(output).toContain('stack       stampede-dev in us-east-1');
  return JSON.parse(read(file)) as Report;
}

function textsIn(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** Of what a run leaves, in the run store and here. */
const filesOf = (name: string): string => `${textsIn(runsOf('aws'))}${textsIn(runsOf(name))}`;

function expectBalanced({ messages, imbalances, observers, devices: counts }: Report): void {
  expect(counts).toMatchObject({ planned: devices, connected: devices });
  expect(Object.keys(observers)).toEqual(['subscriber']);
  expect(messages).toMatchObject({ sent, acked: sent, received: sent, lost: 0, unaccounted: 0 });
  expect(imbalances).toEqual([]);
}

const itWithBroker = isMosquittoInstalled ? it : it.skip;

describe('--stage with a target of the profile', () => {
  itWithBroker('loads a broker with the user name and password of a secret', async () => {
    const target = `mqtt://127.0.0.1:${broker!.ports.password}`;
    const secret = ['--auth', 'password', '--password-from', `secret:${secretOf('password')}`];
    const report = await reportOf('password', { target }, ...secret);
    expectBalanced(report);
    expect(report.conditions).toMatchObject({ target });
    expect(filesOf('password')).toContain(secretOf('password'));
    expect(filesOf('password')).not.toContain('secret-42');
  });

  itWithBroker(
    'loads a broker over mutual TLS, with the authority and the certificate of secrets',
    async () => {
      const target = `mqtts://127.0.0.1:${broker!.ports.mutual}`;
      const files = ['--ca', `secret:${secretOf('ca')}`, '--cert', `secret:${secretOf('device')}`];
      expectBalanced(await reportOf('mutual', { target }, ...files));
      // The first line of a key is the same in all keys of its kind.
      const [, , ofKey = ''] = read(broker!.files.key).split('\n');
      expect(ofKey).toMatch(/^[A-Za-z0-9+/]{20,}/);
      expect(filesOf('mutual')).not.toContain(ofKey.slice(0, 40));
    },
  );

  it('sends requests with the header of a secret', async () => {
    const target = `${origin}/things/{deviceId}`;
    const http = { headers: { authorization: { secret: secretOf('token') }, 'x-device': '{deviceId}' } };
    const { messages, requests: counted } = await reportOf('http', { target, http });
    expect(messages).toMatchObject({ sent, acked: sent, received: 0, lost: 0 });
    expect(counted!.statuses.map(({ status, latencyMs }) => [status, latencyMs.count])).toEqual([
      [204, sent],
    ]);
    expect(requests).toHaveLength(sent);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([token]));
    expect(new Set(requests.map((headers) => headers['x-device'])).size).toBe(devices);
    expect(filesOf('http')).toContain(secretOf('token'));
    expect(filesOf('http')).not.toContain('of-the-stack-77');
  });

  it.each([
    [
      'secret of a header',
      { target: 'http://127.0.0.1:1/', http: { headers: { 'x-key': { secret: secretOf('none') } } } },
    ],
    [
      'secret of a password',
      { target: 'mqtt://127.0.0.1:1', connect: { username: 'u', password: { secret: secretOf('none') } } },
    ],
  ])('names a %s that is not there', async (what, profile) => {
    const name = what.replaceAll(' ', '-');
    const { code, output } = await run(name, profile);
    // The report breaks its lines.
    expect(output.replace(/\s+/g, ' ')).toContain(`the secret ${secretOf('none')} could not be read`);
    expect(code).not.toBe(0);
  });

  it.each<[what: string, profile: object, args: readonly string[], setting: string]>([
    ['an authority', { target: 'mqtts://127.0.0.1' }, ['--ca', 'ca.pem'], 'connect.ca'],
    ['a key', { target: 'mqtts://127.0.0.1' }, ['--cert', 'd.pem', '--key', 'd.key'], 'connect.key'],
    [
      'a password',
      { target: 'mqtt://127.0.0.1' },
      ['--username', 'u', '--password-from', 'variable:HOME'],
      'connect.password',
    ],
    [
      'a header',
      { target: 'http://127.0.0.1/', http: { headers: { 'X-Key': { variable: 'HOME' } } } },
      [],
      'http.headers.X-Key',
    ],
  ])('refuses %s of this machine', async (_what, profile, args, setting) => {
    const { code, output } = await run('refused', profile, ...args);
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringContaining(`${setting}: is on this machine, and devices connect from the stack`),
    });
    expect(output).toContain('"secret": "STACK/target-…"');
  });
});
