import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { stackPace } from '../../../../src/cli/backend/stack-backend.ts';
import { summarizeTimeoutMs } from '../../../../src/plan/poll-intervals.ts';

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '../../../..', file), 'utf8');

it('waits for a stopped run for as long as its summary may take, in the stack and in the state machine', () => {
  const { functions } = parse(read('serverless.yml')) as {
    functions: Record<string, { timeout: number }>;
  };
  const machine = JSON.parse(read('statemachine/load-test.asl.json')) as {
    States: Record<string, { TimeoutSeconds?: number }>;
  };
  expect(functions.summarize?.timeout).toBe(summarizeTimeoutMs / 1_000);
  expect(machine.States.Summarize?.TimeoutSeconds).toBe(summarizeTimeoutMs / 1_000);
  expect(stackPace.stopTimeoutMs).toBeGreaterThanOrEqual(summarizeTimeoutMs + 60_000);
});
