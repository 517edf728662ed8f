import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import type { MetricsReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { renderTerminalSummary } from '../../src/report/terminal-summary.ts';
import { packageWith } from '../support/run/package-with.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { acrossTests } from '../support/until.ts';

// Whole runs of devices that may not: the connects or publishes are refused, CloudWatch counts AuthError, and the report
// names the reason.

const functions = path.resolve(import.meta.dirname, '../../functions');
const devices = 6;
const load = {
  devices,
  ratePerSecond: 60,
  duration: '1s',
  publish: { ackTimeout: '1s' },
  slices: { devicesPerSlice: devices },
  drain: '1s',
};

const mqttBy = (auth: string) => ({ auth, client: 'dense', ratePerSecond: 50 });

const roots: string[] = [];
const rehearsals: Rehearsal[] = [];
afterAll(async () => {
  await Promise.all(rehearsals.map((rehearsal) => rehearsal.close()));
  await Promise.all(roots.map((root) => rm(root, { recursive: true, force: true })));
});

async function rehearsalWith(
  sourceOf: (functionFile: string) => string,
  changeRoles = (roles: string) => roles,
): Promise<Rehearsal> {
  const packageRoot = await packageWith('publish-mqtt', sourceOf(path.join(functions, 'publish-mqtt.ts')));
  roots.push(packageRoot);
  const publishHttp = path.join(packageRoot, 'functions/publish-http.ts');
  await rm(publishHttp);
  await writeFile(publishHttp, sourceOf(path.join(functions, 'publish-http.ts')));
  const stack = path.join(packageRoot, 'stack');
  await rm(stack);
  await cp(path.resolve(import.meta.dirname, '../../stack'), stack, { recursive: true });
  const roles = path.join(stack, 'function-roles.yml');
  await writeFile(roles, changeRoles(await readFile(roles, 'utf8')));
  const rehearsal = await startRehearsal({ packageRoot });
  rehearsals.push(rehearsal);
  return rehearsal;
}

/** A function unchanged but for its credentials: a key, a certificate and a password that are not registered. */
async function makeWrongSecrets(): Promise<(functionFile: string) => string> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'unregistered' }], {
    keyType: 'ec',
  });
  const secrets = {
    certificate: cert,
    privateKey: key,
    authorizerName: 'stampede-fleet',
    username: 'stampede',
    password: 'guessed',
  };
  // The run store accepts the function all the same: it is IoT Core that is to refuse.
  return (functionFile) => `import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
const right = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, sessionToken: AWS_SESSION_TOKEN };
process.env.AWS_SECRET_ACCESS_KEY = 'guessed';
const { send } = S3Client.prototype;
S3Client.prototype.send = function (...args) {
  this.config.credentials = async () => right;
  return send.apply(this, args);
};
SecretsManagerClient.prototype.send = async () => ({ SecretString: ${JSON.stringify(JSON.stringify(secrets))} });
export const { handler } = await import(${JSON.stringify(functionFile)});
`;
}

/** A run, the page that its user reads, and what the service counted meanwhile. */
async function play(rehearsal: Rehearsal, connect: object, metric: string) {
  const counted = async (): Promise<number> => {
    const answer = await fetchAdmin(rehearsal.aws, '/metrics');
    const { metrics } = (await answer.json()) as MetricsReport;
    return metrics.reduce((sum, { name, total }) => (name === metric ? sum + total : sum), 0);
  };
  const before = await counted();
  const ended = await rehearsal.run({ ...load, connect });
  const { report } = ended;
  const terminal = renderTerminalSummary(report).replaceAll(/\s+/g, ' ');
  const refused = (await counted()) - before;
  expect(report.verdict).toBe('failed');
  const claims = falseClaims(ended, {
    intended: 60,
    // What is refused by its headers, or at the end of its connection, the service does not read.
    sent: report.messages.sent,
    throttled: 0,
    isAccountShared: true,
    connectsHinderedBy: ['endpoint'],
  });
  expect(claims).toEqual([]);
  // CloudWatch counts whole minutes: a run before may be in its sum, and the control channel's first tries in the minute before.
  const own = report.devices.connectFailed + report.messages.failed;
  expect(report.cloudwatch[metric]).toBeGreaterThanOrEqual(Math.max(1, own));
  expect(terminal).toContain(`why not authorized: ${metric} ${report.cloudwatch[metric]} (CloudWatch)`);
  return { report, terminal, refused };
}

let otherHosts: Rehearsal;
/** Plays while the others do: it mostly waits. */
let outsidePolicy: ReturnType<typeof play>;
beforeAll(async () => {
  const asItIs = (functionFile: string) => `export { handler } from ${JSON.stringify(functionFile)};\n`;
  const narrow = (roles: string) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of CloudFormation, which the template has word for word.
    const narrowed = roles.replace('topic/${topics}\n', 'topic/${topics}/mine\n');
    expect(narrowed).not.toBe(roles);
    return narrowed;
  };
  const [wrong, bounded] = await Promise.all([
    makeWrongSecrets().then((sourceOf) => rehearsalWith(sourceOf)),
    rehearsalWith(asItIs, narrow),
  ]);
  otherHosts = wrong;
  outsidePolicy = acrossTests(() => play(bounded, mqttBy('sigv4'), 'PublishIn.AuthError'));
  // Each test that awaits this promise gets its rejection.
  outsidePolicy.catch(() => {});
});

describe('devices that show the wrong', () => {
  it('secret over HTTPS have every publish refused, and the report says why', async () => {
    const { report, refused } = await play(otherHosts, { protocol: 'https' }, 'PublishIn.AuthError');
    const { sent } = report.messages;
    expect(report.messages).toMatchObject({ sent: report.messages.intended, failed: sent, received: 0 });
    expect(report.causes.failed).toEqual({ ForbiddenException: sent });
    expect(refused).toBe(sent);
  });

  it.each([
    ['secret', 'sigv4', 'WebSocket handshake refused: 403'],
    ['certificate', 'x509', 'NotAuthorized'],
    ['password', 'custom', 'NotAuthorized'],
  ])('%s do not come in, and the report says why: %s', async (_what, auth, reason) => {
    const { report, terminal, refused } = await play(otherHosts, mqttBy(auth), 'Connect.AuthError');
    const { connectFailed } = report.devices;
    expect(report.devices).toMatchObject({ connected: 0 });
    expect(connectFailed).toBeGreaterThanOrEqual(devices);
    expect(report.causes.connectFailed).toEqual({ [reason]: connectFailed });
    expect(terminal).toContain(`no device connected: ${reason} (${connectFailed} times)`);
    // Every one of them, and the control channel’s.
    expect(refused).toBeGreaterThan(connectFailed);
    expect(report.messages).toMatchObject({ sent: 0, dropped: report.messages.intended });
  });
});

it('publishes outside the policy end their connections, each counted, and the report says why', async () => {
  const { report, refused } = await outsidePolicy;
  expect(refused).toBeGreaterThanOrEqual(devices);
  expect(report.causes.disconnected).toEqual({ NotAuthorized: refused });
  expect(report.devices.connected).toBe(devices);
  expect(report.messages).toMatchObject({ acked: 0, unacknowledged: report.messages.sent, received: 0 });
});
