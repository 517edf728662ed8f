import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeWorkplace, runCli, type Workplace } from '../support/cli/run-cli.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { invokeOnce } from '../support/stack/lambda-host.ts';

// A host of another machine that no resolver has: nothing leaves this one.
const remote = {
  INFLUX_URL: 'http://influx.invalid:8086',
  INFLUX_ORG: 'stampede',
  INFLUX_BUCKET: 'stampede',
  INFLUX_TOKEN: 'token',
};
const profile = { name: 'clear', devices: 2, ratePerSecond: 4, duration: '2s', drain: '1s' };
const warning = 'its token and the points travel in clear to http://influx.invalid:8086';
const countIn = (text: string): number => text.split(warning).length - 1;

describe('an INFLUX_URL of plain HTTP to another machine', () => {
  let workplace: Workplace;
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    workplace = makeWorkplace();
    rehearsal = await startRehearsal();
  });
  afterAll(async () => {
    await rehearsal.close();
    workplace.remove();
  });

  it.each([
    ['plan', []],
    ['run', ['--runs', 'runs']],
  ])('is warned of once by `stampede %s`', async (command, flags) => {
    const file = workplace.writeProfile('clear.json', profile);
    const options = flags.map((flag) => (flag === 'runs' ? path.join(workplace.directory, flag) : flag));
    const { stdout, stderr } = await runCli([command, file, ...options], remote);
    expect(countIn(stderr)).toBe(1);
    expect(countIn(stdout)).toBe(0);
    const local = await runCli(['plan', file], { ...remote, INFLUX_URL: 'http://127.0.0.1:8086' });
    expect(local.stderr).not.toContain('in clear');
  });

  it('is logged by the plan function, once for a run', async () => {
    const answer = await invokeOnce({
      taskRoot: path.resolve(import.meta.dirname, '../..'),
      handler: 'functions/plan.handler',
      variables: { ...rehearsal.aws.environment, ...remote },
      event: { runId: 'clear-token', profile },
    });
    expect(answer).toMatchObject({ failed: false, payload: { runId: 'clear-token' } });
    expect(countIn(answer.log)).toBe(1);
  });
});
