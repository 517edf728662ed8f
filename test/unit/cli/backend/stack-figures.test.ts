import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, it } from '@jest/globals';
import { makeStackFigures } from '../../../../src/cli/backend/stack-figures.ts';

it('a backend says its own note with the first figures alone', async () => {
  const nowhere = {
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    maxAttempts: 1,
  };
  const live = makeStackFigures({
    sfn: new SFNClient(nowhere),
    cloudwatch: new CloudWatchClient(nowhere),
    note: 'the token travels in clear',
    queryEveryMs: { slices: 60_000, totals: 60_000, cloudwatch: 60_000 },
  });
  const query = { runId: 'run', executionArn: 'arn:run', plan: undefined };
  const notes = [];
  for (let poll = 0; poll < 3; poll++) notes.push(...((await live(query)).notes ?? []));
  expect(notes.filter((note) => note === 'the token travels in clear')).toHaveLength(1);
});
