import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeCloudWatch } from '../../../src/embedded/account/cloudwatch-api.ts';
import { accountId } from '../../../src/embedded/gateway/arns.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { makeSqs } from '../../../src/embedded/iot-core/queue/sqs-api.ts';
import { keyIn } from '../../support/embedded/test-key.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { invokeOnce } from '../../support/stack/lambda-host.ts';

// The plan function as Lambda runs it, before a queue and a stream that hold what earlier runs left.

const profile = { devices: 2, ratePerSecond: 4, duration: '2s', drain: '1s' };
const reader = 'stampede-dev-measure-latency';

let rehearsal: Rehearsal;
let services: Gateway;
const left = { messages: 0, ageMs: 0 };
beforeAll(async () => {
  rehearsal = await startRehearsal();
  const counts = () => ({ visible: left.messages, notVisible: 0, delayed: 0, visibilityTimeoutMs: 30_000 });
  services = await startGateway({
    accessKeys: [keyIn(rehearsal.aws.environment)],
    signed: {
      sqs: makeSqs([{ name: 'arrivals', counts }]),
      monitoring: makeCloudWatch(async () => [
        {
          namespace: 'AWS/Lambda',
          name: 'IteratorAge',
          dimensions: { FunctionName: reader },
          minutes: [[Math.floor(Date.now() / 60_000) * 60, left.ageMs]],
          statistic: 'Maximum',
        },
      ]),
    },
    unsigned: [],
  });
});
afterAll(async () => {
  await services.close();
  await rehearsal.close();
});

const planned = (runId: string, variables: Readonly<Record<string, string>>) =>
  invokeOnce({
    taskRoot: path.resolve(import.meta.dirname, '../../..'),
    handler: 'functions/plan.handler',
    variables: {
      ...rehearsal.aws.environment,
      AWS_ENDPOINT_URL_SQS: services.url,
      AWS_ENDPOINT_URL_CLOUDWATCH: services.url,
      ...variables,
    },
    event: { runId, profile },
  });
const isStored = (runId: string) => existsSync(path.join(rehearsal.runsDirectory, runId, 'plan.json'));

describe('plan, where earlier runs left messages', () => {
  it.each<[string, (url: string) => Record<string, string>, Partial<typeof left>, string]>([
    [
      'in the queue',
      (url: string) => ({ ARRIVALS_QUEUE_URL: `${url}/${accountId}/arrivals` }),
      { messages: 50_000_000 },
      '50,000,000 messages of other runs are not read yet',
    ],
    [
      'in the stream',
      () => ({ ARRIVALS_QUEUE_URL: '', STREAM_READER: reader }),
      { ageMs: 90_000 },
      'was up to 1m30s behind the stream',
    ],
  ])('%s: refuses a run that would wait for them, and no other', async (where, variablesFor, many, why) => {
    const variables = variablesFor(services.url);
    const runId = where.replaceAll(' ', '-');
    Object.assign(left, { messages: 3, ageMs: 900 });
    expect(await planned(`${runId}-few`, variables)).toMatchObject({ failed: false });
    expect(isStored(`${runId}-few`)).toBe(true);
    Object.assign(left, many);
    expect(await planned(`${runId}-many`, variables)).toMatchObject({
      failed: true,
      payload: { errorMessage: expect.stringContaining(why) },
    });
    expect(isStored(`${runId}-many`)).toBe(false);
  });
});
