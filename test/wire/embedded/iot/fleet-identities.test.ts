import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions } from 'mqtt';
import { makeFleetIdentities } from '../../../../src/embedded/iot/fleet-identities.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../../../src/embedded/process/start-embedded-aws.ts';
import { readStack } from '../../../../src/embedded/stack/stack.ts';
import { readEnvironment } from '../../../../src/worker/environment.ts';
import { keyIn, testKey } from '../../../support/embedded/test-key.ts';
import { makeDataPlaneClient, startTestIotCore } from '../../../support/iot-core/fixture.ts';

const packageRoot = path.resolve(import.meta.dirname, '../../../..');
let runsDirectory: string;
let aws: EmbeddedAws;

beforeAll(async () => {
  runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-identities-'));
  aws = await startEmbeddedAws({ runsDirectory });
});
afterAll(async () => {
  await aws.close();
  await rm(runsDirectory, { recursive: true, force: true, maxRetries: 5 });
});

const sdk = (endpoint: string, credentials: object = {}) => ({
  endpoint: aws.environment[endpoint]!,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { ...keyIn(aws.environment), ...credentials },
});

async function secretOf(variable: string): Promise<Record<string, string>> {
  const client = new SecretsManagerClient(sdk('AWS_ENDPOINT_URL'));
  const { SecretString = '{}' } = await client.send(
    new GetSecretValueCommand({ SecretId: aws.environment[variable] }),
  );
  client.destroy();
  return JSON.parse(SecretString) as Record<string, string>;
}

function endpoint(scheme: string, alpn?: string) {
  const { iotEndpoints } = readEnvironment(aws.environment);
  return iotEndpoints.find((each) => each.scheme === scheme && each.alpn === alpn)!;
}

let visits = 0;

/** @returns what became of it: a publish, then whatever went wrong */
async function visit(url: string, topic: string, options: IClientOptions): Promise<string> {
  const ca = await readFile(aws.environment.IOT_CA_FILE!, 'utf8');
  // One of its own each time: a client id may connect once a second.
  const clientId = `stampede-${++visits}`;
  const client = mqtt.connect(url, { ca, reconnectPeriod: 0, protocolVersion: 5, clientId, ...options });
  try {
    return await new Promise<string>((resolve) => {
      client.on('error', ({ message }) => resolve(message));
      client.on('disconnect', ({ reasonCode }) => resolve(`disconnected ${reasonCode}`));
      client.on('connect', () =>
        client.publish(topic, '{}', { qos: 1 }, (error) => error || resolve('published')),
      );
    });
  } finally {
    await client.endAsync(true);
  }
}

describe('what devices are given for the embedded IoT Core', () => {
  it('listeners: the first asks for nothing, the others have their credentials in Secrets Manager', () => {
    const { iotEndpoints } = readEnvironment(aws.environment);
    expect(iotEndpoints.map(({ scheme, host, auth, alpn }) => [scheme, host, auth, alpn])).toEqual([
      ['mqtt', '127.0.0.1', 'none', undefined],
      ['wss', '127.0.0.1', 'sigv4', undefined],
      ['mqtts', '127.0.0.1', 'x509', undefined],
      ['mqtts', '127.0.0.1', 'custom', 'mqtt'],
    ]);
  });

  it('a certificate, which may do what publish-mqtt may', async () => {
    const { certificate, privateKey } = await secretOf('IOT_CERTIFICATE_SECRET');
    const options = { cert: certificate!, key: privateKey! };
    const url = `mqtts://127.0.0.1:${endpoint('mqtts').port}`;
    expect(await visit(url, 'stampede/dev/x', options)).toBe('published');
    expect(await visit(url, 'other/x', options)).toBe('disconnected 135');
    expect(await visit(url, 'stampede/dev/x', { ...options, clientId: 'other' })).toMatch(/Not authorized/);
  });

  it('a user of the custom authorizer: a function in an execution environment', async () => {
    const { authorizerName, username, password } = await secretOf('IOT_AUTHORIZER_SECRET');
    const url = `mqtts://127.0.0.1:${endpoint('mqtts', 'mqtt').port}`;
    const options = {
      ALPNProtocols: ['mqtt'],
      username: username!,
      password: password!,
    };
    const named = { ...options, username: `${username}?x-amz-customauthorizer-name=${authorizerName}` };
    expect(await visit(url, 'stampede/dev/x', options)).toBe('published');
    expect(await visit(url, 'stampede/dev/x', named)).toBe('published');
    expect(await visit(url, 'other/x', options)).toBe('disconnected 135');
    expect(await visit(url, 'stampede/dev/x', { ...options, password: 'guess' })).toMatch(/Not authorized/);
  });

  it('the credentials of a role: they allow what the role does, and come with a token', async () => {
    const stack = await readStack(path.join(packageRoot, 'serverless.yml'), {});
    const certificatesDirectory = path.join(runsDirectory, 'certificates');
    const identities = makeFleetIdentities({
      stack,
      packageRoot,
      certificatesDirectory,
      accountKey: testKey,
    });
    const iotCore = await startTestIotCore({ listeners: identities.listeners });
    const publisher = stack.functions.find(({ key }) => key === 'publish-http')!;
    const variables = identities.credentialsOf(publisher);
    const role = { ...keyIn(variables), sessionToken: variables.AWS_SESSION_TOKEN };
    const publish = async (topic: string, credentials: object) => {
      const client = makeDataPlaneClient(iotCore, { credentials: { ...testKey, ...credentials } });
      return client.send(new PublishCommand({ topic, qos: 1 })).then(
        () => 'published',
        ({ name }: Error) => name,
      );
    };
    expect(await publish('stampede/dev/x', role)).toBe('published');
    expect(await publish('other/x', role)).toBe('ForbiddenException');
    expect(await publish('stampede/dev/x', { ...role, sessionToken: undefined })).toBe('ForbiddenException');
    expect(await publish('other/x', {})).toBe('published');
  });

  it('no secret but these', async () => {
    const client = new SecretsManagerClient(sdk('AWS_ENDPOINT_URL'));
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'toString' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    client.destroy();
  });
});
