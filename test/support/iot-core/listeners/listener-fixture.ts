import { createSign, generateKeyPairSync } from 'node:crypto';
import { startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import type { GatewayService } from '../../../../src/embedded/gateway/gateway-service.ts';
import { renderJsonError } from '../../../../src/embedded/gateway/serve-request.ts';
import type { ListenerSettings } from '../../../../src/embedded/iot-core/settings.ts';
import type { StartIotCoreOptions } from '../../../../src/embedded/iot-core/start-iot-core.ts';
import { type AuthorizerEvent, handler } from '../../embedded/fixtures/authorizer.ts';
import { testKey } from '../../embedded/test-key.ts';
import { atEnd, startTestIotCore, type TestIotCore } from '../fixture.ts';

export const arn = (resource: string) => `arn:aws:iot:us-east-1:123456789012:${resource}`;

/** A policy that allows these actions on these resources. */
export function policyOf(actions: readonly string[], ...resources: string[]) {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: resources.map(arn) }],
  };
}

export interface GuardedIotCore extends TestIotCore {
  /** What came to the authorizer. */
  readonly events: AuthorizerEvent[];
  /** A token's signature by the key that the authorizer `signed` trusts: base64. */
  sign(token: string): string;
}

/** Signs tokens for every IoT Core of a test file: making one takes longer than starting the IoT Core. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

type Answer = (event: AuthorizerEvent) => unknown;

/**
 * An embedded IoT Core with two custom authorizers on one function: `plain`, and `signed`, whose tokens come under
 * `token`.
 * @param answer what the function returns in place of its own answer
 */
export async function startGuarded(
  listeners: Partial<ListenerSettings> = {},
  options: Partial<StartIotCoreOptions> = {},
  clock?: Parameters<typeof startTestIotCore>[1],
  answer: Answer = handler,
): Promise<GuardedIotCore> {
  const events: AuthorizerEvent[] = [];
  const lambda: GatewayService = {
    routes: [],
    maxBodyBytes: 1_048_576,
    renderError: renderJsonError,
    async handle({ body }) {
      const event = JSON.parse(body.toString()) as AuthorizerEvent;
      events.push(event);
      return { status: 200, body: JSON.stringify(await answer(event)) };
    },
  };
  const gateway = await startGateway({ accessKeys: [testKey], signed: { lambda }, unsigned: [] });
  atEnd(() => gateway.close());
  const authorizers = [
    { name: 'plain', functionName: 'authorizer' },
    { name: 'signed', functionName: 'authorizer', tokenKeyName: 'token', publicKeys: [publicKey] },
  ];
  const iotCore = await startTestIotCore(
    { invokeUrl: gateway.url, accessKey: testKey, ...options, listeners: { authorizers, ...listeners } },
    clock,
  );
  const sign = (token: string) => createSign('RSA-SHA256').update(token).sign(privateKey, 'base64');
  return { ...iotCore, events, sign };
}
