import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeExecutions } from '../../../src/aws/executions.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../../src/embedded/process/start-embedded-aws.ts';
import type { StoredAction } from '../../../src/plan/actions/action.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, runCli, startCli, type Workplace } from '../../support/cli/run-cli.ts';
import { keyIn } from '../../support/embedded/test-key.ts';

// `--stage` against embedded AWS by the variables that it prints: to the command line, an account like any other.

const profile = {
  name: 'tiny',
  devices: 20,
  connect: { client: 'dense' },
  ratePerSecond: 40,
  duration: '3s',
  drain: '1s',
  slices: { devicesPerSlice: 10 },
  thresholds: { lost_messages: ['count==0'] },
};

let workplace: Workplace;
let aws: EmbeddedAws;
let profileFile: string;
let longFile: string;
beforeAll(async () => {
  workplace = makeWorkplace();
  profileFile = workplace.writeProfile('tiny.json', profile);
  longFile = workplace.writeProfile('long.json', { ...profile, duration: '2m' });
  aws = await startEmbeddedAws({
    runsDirectory: path.join(workplace.directory, 'aws'),
    parameters: { maxDevices: '100', allowForce: 'false' },
  });
});
afterAll(async () => {
  await aws.close();
  workplace.remove();
});

const directoryOf = (name: string): string => path.join(workplace.directory, name);
const stampede = (args: readonly string[], runs: string) =>
  startCli([...args, '--stage', 'dev', '--runs', directoryOf(runs)], aws.environment);
const set = (args: readonly string[]) => runCli(['set', ...args, '--stage', 'dev'], aws.environment);
const actionIn = (runId: string, k: number): StoredAction =>
  JSON.parse(readFileSync(path.join(workplace.directory, 'aws', runId, 'actions', `${k}.json`), 'utf8'));
const readIn = (runs: string, runId: string, file: string) =>
  JSON.parse(readFileSync(path.join(directoryOf(runs), runId, file), 'utf8'));
const reportIn = (runs: string, runId: string): Report => readIn(runs, runId, 'report.json');
const planIn = (runs: string, runId: string): Plan => readIn(runs, runId, 'plan.json');
const start = async (runId: string, input: object): Promise<void> => {
  const { environment } = aws;
  const client = new SFNClient({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: keyIn(environment),
  });
  await makeExecutions(aws.stateMachineArn, client).start(runId, input);
  client.destroy();
};

describe('--stage', () => {
  it('runs a profile to its report, and fetches it', async () => {
    const { code, stdout, stderr } = await stampede(['run', profileFile], 'runs').result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('stack       stampede-dev in us-east-1');
    expect(stderr).toContain('endpoint    127.0.0.1');
    expect(stderr).toContain('ceilings    100 devices, no --force');
    expect(stderr).toMatch(/slices \d running \d\/2 done/);
    expect(stderr).toMatch(/publishing, connected 20\/20/);
    const runId = /(?:PASSED|INCONCLUSIVE) {2}(\S+)/.exec(stdout)?.[1] ?? '';
    expect(reportIn('runs', runId)).toMatchObject({
      verdict: expect.stringMatching(/^(passed|inconclusive)$/),
      messages: { lost: 0 },
    });
    for (const name of ['plan.json', 'report.html'])
      expect(existsSync(path.join(directoryOf('runs'), runId, name))).toBe(true);
  });

  it('watches a run that the console started, and reports the latest', async () => {
    await start('from-the-console', { ...profile, thresholds: { end_to_end_latency: ['p(50)<0.001'] } });
    const watched = await stampede(['watch', 'from-the-console'], 'watched').result;
    expect(watched).toMatchObject({ code: 99, stdout: expect.stringContaining('FAILED  from-the-console') });
    const reported = await stampede(['report'], 'reported').result;
    expect(reported).toMatchObject({ code: 99, stdout: expect.stringContaining('from-the-console') });
    expect(reportIn('reported', 'from-the-console').verdict).toBe('failed');
  });

  it('changes one of another process, or says why not, and stops it, which ends with 130', async () => {
    const cli = stampede(['run', longFile], 'long');
    await cli.untilOutput(' publishing,');
    const runId = runIdOf(cli);
    // Nothing is due any more, however long the other commands take.
    const changed = await set([runId, 'rate=0x', 'disconnect=50%', '--at', '5s']);
    expect(changed).toMatchObject({ code: 0 });
    const printed = changed.stdout
      .replaceAll(/ at \d\d:\d\d:\d\d\.\d{3} UTC, in [\d.]+ (ms|s)\n/g, '|')
      .split('|');
    expect(printed).toEqual([
      `${runId}: disconnect 50 % of the devices (drop)`,
      `${runId}: rate × 0`,
      expect.stringMatching(/^At \d+:\d\d of publishing \d+ devices? .* connected again.*\n$/),
    ]);
    const refused = await Promise.all([
      set([runId, 'rat=2x', 'network=lte-n']),
      set(['latest', 'rate=1000000', '--at', '8s']),
      set([runId, 'network.delay=5ms', 'group=meters']),
    ]);
    expect(refused).toMatchObject([
      {
        code: 2,
        stderr: expect.stringMatching(
          /rat: is not known\n.*"rate"[\s\S]*network: is no preset: lte-n\n.*"lte-m"/,
        ),
      },
      { code: 3, stderr: expect.stringContaining('quota') },
      { code: 2, stderr: expect.stringContaining('group: names no group of this run: meters') },
    ]);
    const stored = readdirSync(path.join(workplace.directory, 'aws', runId, 'actions'));
    expect(stored.toSorted()).toEqual(['0.json', '1.json']);
    const { at } = actionIn(runId, 0);
    await sleep(at + 1_000 - Date.now());
    const goesOn = await stampede(['report', runId], 'stopped').result;
    expect(goesOn).toMatchObject({ code: 2, stderr: expect.stringContaining('has not ended') });
    const stopped = await stampede(['stop', runId], 'stopped').result;
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('was stopped: aborted') });
    expect(reportIn('stopped', runId)).toMatchObject({ verdict: 'aborted', messages: { lost: 0 } });
    expect((await cli.result).code).toBe(130);
    const { actions = [], messages, storms } = reportIn('stopped', runId);
    const carriedOut = ['disconnect', 'rate'].map((kind) =>
      actions.flatMap((action) => action.carriedOut ?? []).find((each) => each.kind === kind),
    );
    expect(carriedOut).toMatchObject([
      { plannedSlices: 2, slices: 2 },
      { plannedSlices: 2, slices: 2 },
    ]);
    expect(storms?.list).toMatchObject([{ how: 'drop', devices: 10 }]);
    // What was due before it; a slice that learned of it late went on for so long.
    const { publishAt } = planIn('stopped', runId).timeline;
    const dueAfter = (ms: number) => (profile.ratePerSecond * ms) / 1_000;
    expect(messages.intended).toBeGreaterThanOrEqual(dueAfter(at - publishAt) - 1);
    expect(messages.intended).toBeLessThanOrEqual(
      dueAfter(at - publishAt + carriedOut[1]!.latenessMs.max) + 1,
    );
    const over = await set([runId, 'rate=1x']);
    expect(over).toMatchObject({ code: 2, stderr: expect.stringContaining('run: has ended') });
  });

  it('stops its own at Ctrl-C, with a report of what was measured', async () => {
    const cli = stampede(['run', longFile], 'interrupted');
    await cli.untilOutput(' publishing,');
    cli.child.kill('SIGINT');
    const { code, stdout } = await cli.result;
    expect({ code, stdout }).toMatchObject({ code: 130, stdout: expect.stringContaining('ABORTED') });
  });

  it('refuses what preflight refuses', async () => {
    const file = workplace.writeProfile('greedy.json', {
      ...profile,
      ratePerSecond: 1_999,
      limits: { quotaShare: 0.05 },
    });
    expect(await stampede(['run', file], 'refused').result).toMatchObject({ code: 3 });
  });

  it('shows the ceilings of the stack, and refuses what is above them before it starts', async () => {
    const file = workplace.writeProfile('above.json', { ...profile, devices: 101 });
    for (const command of ['plan', 'run']) {
      const args = command === 'run' ? ['--runs', directoryOf('above')] : [];
      const { code, stdout, stderr } = await runCli(
        [command, file, '--stage', 'dev', ...args],
        aws.environment,
      );
      expect({ code, stderr }).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('--param maxDevices=101'),
      });
      if (command === 'plan') expect(stdout).toContain('ceilings    100 devices, no --force');
    }
    const forced = await stampede(['run', profileFile, '--force'], 'above').result;
    expect(forced).toMatchObject({ code: 3, stderr: expect.stringContaining('--param allowForce=true') });
  });

  it.each([
    ['another stage', ['report', 'x', '--stage', 'prod'], 'there is no stack stampede-prod in us-east-1'],
    ['an unknown run', ['watch', 'nowhere'], 'there is no execution'],
    ['an action for an unknown run', ['set', 'nowhere', 'rate=2x'], 'there is no execution'],
    ["another's execution", ['stop', 'arn:aws:states:us-east-1:1:execution:other:x'], 'is no run of stack'],
    ['flags of embedded AWS', ['run', 'PROFILE', '--quota', 'publishIn=5'], 'is of embedded AWS'],
    ['no certificate there', ['certs', 'create'], 'embedded AWS does not support'],
  ])('answers %s with one message, and 2', async (_what, args, message) => {
    const given = args.map((arg) => (arg === 'PROFILE' ? profileFile : arg));
    const stage = args.includes('--stage') ? [] : ['--stage', 'dev'];
    const { code, stderr } = await runCli([...given, ...stage], aws.environment);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(stderr).toContain('→');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says that there are no credentials', async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = aws.environment;
    const withoutCredentials = { ...rest, HOME: workplace.directory, AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stderr } = await runCli(['watch', 'x', '--stage', 'dev'], {
      ...withoutCredentials,
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no AWS credentials'),
    });
  });

  it('says that AWS cannot be reached', async () => {
    const { code, stderr } = await runCli(['watch', 'x', '--stage', 'dev'], {
      ...aws.environment,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be reached') });
  });
});

/** The heading: `run tiny-…`. */
function runIdOf(cli: ReturnType<typeof startCli>): string {
  return /^run (\S+)/.exec(cli.said())?.[1] ?? '';
}
