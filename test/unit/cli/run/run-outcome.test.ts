import { describe, expect, it } from '@jest/globals';
import type { Execution } from '../../../../src/aws/executions.ts';
import { errorOfExecution } from '../../../../src/cli/run/run-outcome.ts';

const failed = (error: string, cause: string): Execution => ({
  executionArn: 'arn',
  status: 'FAILED',
  error,
  cause,
});

describe('a run without a report', () => {
  it('ends in the words of what failed', () => {
    const error = errorOfExecution(
      failed('States.TaskFailed', '{"errorType":"Error","errorMessage":"no bucket"}'),
      { logs: 'logs' },
      false,
    );
    expect(error.message).toBe('the run ended without a report: States.TaskFailed: no bucket');
    expect([error.exitCode, error.hint]).toEqual([1, 'the output of the functions says more: logs']);
  });

  it('is bad usage where the plan function refused the profile', () => {
    const cause = '{"errorType":"InvalidInputError","errorMessage":"publish.topic: is outside stampede/#"}';
    const error = errorOfExecution(failed('InvalidInputError', cause), { logs: 'logs' }, false);
    expect([error.exitCode, error.message]).toEqual([2, 'publish.topic: is outside stampede/#']);
  });

  it('is refused where only the plan function saw why', () => {
    const cause =
      '{"errorType":"RefusedByPreflight","errorMessage":"Preflight refuses this run:\\n  stages: …"}';
    const error = errorOfExecution(failed('RefusedByPreflight', cause), { logs: 'logs' }, false);
    expect([error.exitCode, error.message]).toEqual([3, 'Preflight refuses this run:\n  stages: …']);
  });

  it('is stopped, not failed, where the user stopped it', () => {
    const aborted: Execution = { executionArn: 'arn', status: 'ABORTED', error: undefined, cause: undefined };
    const error = errorOfExecution(aborted, { logs: 'logs' }, true);
    expect([error.exitCode, error.message]).toEqual([130, 'the run ended without a report: aborted']);
  });
});
