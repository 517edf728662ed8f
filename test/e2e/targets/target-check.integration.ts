import { rm } from 'node:fs/promises';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeError, exitCodeOf } from '../../../src/cli/output/print-error.ts';
import { plainStyler } from '../../../src/cli/output/style.ts';
import { errorOfExecution } from '../../../src/cli/run/run-outcome.ts';
import { keyIn } from '../../support/embedded/test-key.ts';
import { packageWith } from '../../support/run/package-with.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';

// A stack whose IoT endpoint belongs to another account: no function but the plan's ever runs.

const realPlan = path.resolve(import.meta.dirname, '../../../functions/plan.ts');
const otherTarget = `process.env.IOT_ENDPOINT = 'mqtts://broker.example.com:8883?auth=x509';
const { handler: plan } = await import(${JSON.stringify(realPlan)});
export const handler = plan;
`;
const profile = { devices: 10, ratePerSecond: 10, duration: '1s' };

let root: string;
let rehearsal: Rehearsal;
let lambda: LambdaClient;
beforeAll(async () => {
  root = await packageWith('plan', otherTarget);
  rehearsal = await startRehearsal({ packageRoot: root });
  const { environment } = rehearsal.aws;
  lambda = new LambdaClient({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: keyIn(environment),
  });
});
afterAll(async () => {
  lambda.destroy();
  await rehearsal.close();
  await rm(root, { recursive: true, force: true });
});

describe('a target that is not the account’s own', () => {
  it('is refused with exit 3, and what to say if it is the user’s', async () => {
    const run = await rehearsal.begin(profile);
    const execution = await run.executionEnded();
    const error = errorOfExecution(execution, { logs: 'logs' }, false);
    expect(exitCodeOf(error)).toBe(3);
    expect(describeError(error, { style: plainStyler })).toContain('--allow-host broker.example.com');
  });

  it('is planned for with --allow-host', async () => {
    const plan = async (allowedHosts: readonly string[]): Promise<unknown> => {
      const event = { runId: 'owned', profile: { ...profile, allowedHosts } };
      const command = new InvokeCommand({
        FunctionName: 'stampede-dev-plan',
        Payload: JSON.stringify(event),
      });
      const { Payload = new Uint8Array() } = await lambda.send(command);
      return JSON.parse(Buffer.from(Payload).toString());
    };
    expect(await plan(['another.example.com'])).toMatchObject({ errorType: 'RefusedByPreflight' });
    expect(await plan(['broker.example.com'])).toMatchObject({
      runId: 'owned',
      mqttSlices: 1,
      slices: [0],
    });
  });
});
