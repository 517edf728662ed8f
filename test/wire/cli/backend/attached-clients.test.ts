import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectBackend } from '../../../../src/cli/backend/attached-backend.ts';

/** Variables of a user who works on a real account: each would win over ours if the SDK read it. */
const ofTheUser = {
  AWS_PROFILE: 'production',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAPRODUCTION',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'session',
  AWS_ENDPOINT_URL: 'https://aws.example',
  AWS_ENDPOINT_URL_SFN: 'https://states.example',
  AWS_ENDPOINT_URL_IOT_DATA_PLANE: 'https://iot.example',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
};

const requests: IncomingMessage[] = [];
const server = createServer((request, response) => {
  requests.push(request);
  response.setHeader('content-type', 'application/json').end('{"status":"RUNNING"}');
});
const before = { ...process.env };
beforeAll(async () => {
  Object.assign(process.env, ofTheUser);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  for (const name of Object.keys(ofTheUser)) delete process.env[name];
  Object.assign(process.env, before);
  server.close();
});

describe('the clients of an embedded AWS', () => {
  it('take nothing of the user’s that could lead them elsewhere', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:test';
    const { executions, control } = connectBackend(
      {
        environment: {
          AWS_ENDPOINT_URL: url,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'AKIAEMBEDDED',
          AWS_SECRET_ACCESS_KEY: 'embedded',
        },
        stateMachineArn,
      },
      'runs',
    );
    expect((await executions.describe(executions.arnOf('run'))).status).toBe('RUNNING');
    await control.clear('run');
    expect(requests).toHaveLength(2);
    for (const { headers } of requests) {
      expect(`http://${headers.host}`).toBe(url);
      expect(headers.authorization).toMatch(/Credential=AKIAEMBEDDED\/\d{8}\/us-east-1\//);
      expect(headers).not.toHaveProperty('x-amz-security-token');
    }
  });
});
