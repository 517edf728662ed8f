import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, it } from '@jest/globals';
import { type ClientBackendSettings, makeClientBackend } from '../../../../src/cli/backend/client-backend.ts';

it('a backend says its own note with the first look alone', async () => {
  const { live } = makeClientBackend({
    stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:test',
    sfn: new SFNClient({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', maxAttempts: 1 }),
    note: 'the token travels in clear',
    glanceEveryMs: { slices: 60_000, influx: 60_000, cloudwatch: 60_000 },
  } as ClientBackendSettings);
  const question = { runId: 'run', executionArn: 'arn:run', plan: undefined };
  const notes = [];
  for (let look = 0; look < 3; look++) notes.push(...((await live(question)).notes ?? []));
  expect(notes.filter((note) => note === 'the token travels in clear')).toHaveLength(1);
});
