import { describe, expect, it } from '@jest/globals';
import type { ExecutionStatus } from '../../../../src/aws/executions.ts';
import { untilClosed } from '../../../../src/cli/backend/attached-backend.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
const denied = new Error('AccessDenied');

/** An embedded AWS that answers, and from some instant on does not. */
function makePlace() {
  let failure: Error | undefined;
  const answer = <T>(value: T): T => {
    if (failure !== undefined) throw failure;
    return value;
  };
  const place = untilClosed({
    executions: {
      arnOf: (id) => `arn:${id}`,
      start: async () => 'arn:run',
      describe: async (executionArn) => {
        const status: ExecutionStatus = 'RUNNING';
        return answer({ executionArn, status, error: undefined, cause: undefined });
      },
      stop: async () => undefined,
      latest: async () => undefined,
    },
    control: {
      issue: async () => answer(undefined),
      requestStop: async () => answer(undefined),
      clear: async () => answer(undefined),
    },
  });
  return {
    ...place,
    breaksWith(error: Error): void {
      failure = error;
    },
  };
}

describe('a run of an embedded AWS of another process', () => {
  it('is over once that has gone', async () => {
    const place = makePlace();
    expect((await place.executions.describe('arn:run')).status).toBe('RUNNING');
    place.breaksWith(refused);
    await place.control.requestStop('run', { reason: 'stopped by the user', at: 0 });
    await place.control.clear('run');
    expect((await place.executions.describe('arn:run')).status).toBe('ABORTED');
  });

  it('is unknown where it was never reported', async () => {
    const place = makePlace();
    place.breaksWith(refused);
    await expect(place.executions.describe('arn:run')).rejects.toBe(refused);
  });

  it('is not over for any other fault', async () => {
    const place = makePlace();
    await place.executions.describe('arn:run');
    place.breaksWith(denied);
    await expect(place.executions.describe('arn:run')).rejects.toBe(denied);
    await expect(place.control.requestStop('run', { reason: '', at: 0 })).rejects.toBe(denied);
  });
});
