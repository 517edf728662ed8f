import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { probeKernel } from '../../src/embedded/network/probe-kernel.ts';
import type { Report } from '../../src/report/report-model.ts';
import { StampedeError } from '../../src/shared/errors.ts';
import { processesOf } from '../support/cli/processes.ts';
import { type CliProcess, makeWorkplace, runCli, startCli } from '../support/cli/run-cli.ts';
import { processOfEmbeddedAws } from '../support/run/function-processes.ts';
import { until } from '../support/until.ts';

/*
 * Slices in network namespaces of this machine, whose kernel makes the networks of their devices. Needs root on Linux and iproute2; delays
 * need the kernel's module sch_netem as well.
 */

const settings = await probeKernel().catch((error: StampedeError) => error);
const reason = settings instanceof StampedeError ? `: ${settings.message}` : '';
const describeIf = reason === '' ? describe : describe.skip;
const hasNetem = !(settings instanceof StampedeError) && settings.includes('delay');
const itWithNetem = hasNetem ? it : it.skip;
const itWithout = hasNetem ? it.skip : it;
const timeoutMs = 180_000;

const workplace = makeWorkplace();
afterAll(() => workplace.remove());

const load = {
  devices: 2,
  everySeconds: 4,
  publish: { sizeBytes: 100_000, ackTimeout: '20s' },
  network: { bandwidth: '512kbit' },
};
const profile = {
  groups: { slow: load, fast: load },
  duration: '8s',
  connect: { client: 'dense', ratePerSecond: 100 },
  timeline: [{ at: '500ms', group: 'fast', network: { bandwidth: '1mbit' } }],
  drain: '5s',
};

const namespaces = (pid: number | undefined): string[] => {
  try {
    return readdirSync('/var/run/netns').filter((name) => name.startsWith(`stampede-${pid}-`));
  } catch {
    return [];
  }
};

/** Also where its parent has yet to learn of it. */
function hasEnded(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

async function reportOf(name: string, form: object, ...flags: readonly string[]): Promise<Report> {
  const file = workplace.writeProfile(`${name}.json`, { name, ...form });
  const runs = path.join(workplace.directory, name);
  const cli = startCli(['run', file, '--runs', runs, '--json', ...flags]);
  const { code, stdout, stderr } = await cli.result;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly report?: Report });
  return lines.find(({ report }) => report !== undefined)?.report as Report;
}

/** The least of a group: this machine's lateness only adds to what a line takes. */
const leastMs = ({ groups = [] }: Report, name: string): number =>
  groups.find(({ group }) => group === name)?.latencyMs.transit?.min ?? Number.NaN;

async function untilNamespaces(runs: string): Promise<number> {
  let pid: number | undefined;
  const haveOpened = (): boolean => {
    pid = processOfEmbeddedAws(runs);
    return pid !== undefined && namespaces(pid).length > 0;
  };
  await until(haveOpened, 'namespaces of embedded AWS', 50);
  return pid!;
}

function start(name: string): { readonly cli: CliProcess; readonly runs: string } {
  const runs = path.join(workplace.directory, name);
  const file = workplace.writeProfile(`${name}.json`, { name, ...profile, duration: '2m' });
  return { cli: startCli(['run', file, '--runs', runs, '--netem']), runs };
}

describeIf(`slices in network namespaces${reason}`, () => {
  it(
    'have the bandwidth of the model, within 10 %, and the changes of the timeline',
    async () => {
      const kernel = await reportOf('kernel', profile, '--netem');
      const model = await reportOf('model', profile);
      for (const report of [kernel, model]) {
        expect(report.imbalances).toEqual([]);
        expect(report.messages).toMatchObject({ intended: 8, sent: 8, acked: 8 });
        expect(report.observers.rule).toMatchObject({ received: 8, lost: 0 });
      }
      expect(kernel.network?.kernel).toEqual(['bandwidth']);
      expect(model.network?.kernel).toBeUndefined();
      for (const { kernelCounts } of model.network?.groups ?? []) expect(kernelCounts).toBeUndefined();
      // Each group sent four messages of 100,000 bytes.
      for (const { kernelCounts } of kernel.network?.groups ?? []) {
        expect(kernelCounts?.up.bytes).toBeGreaterThan(400_000);
        expect(kernelCounts?.up.bytes).toBeLessThan(600_000);
        expect(kernelCounts?.up.packets).toBeGreaterThan(400_000 / 1_514);
        expect(kernelCounts?.down.packets).toBeGreaterThan(8);
        expect(kernelCounts?.down.bytes).toBeLessThan(kernelCounts!.up.bytes / 2);
      }
      for (const name of ['slow', 'fast']) {
        const ratio = leastMs(kernel, name) / leastMs(model, name);
        console.info(`${name}: kernel ${leastMs(kernel, name)} ms, model ${leastMs(model, name)} ms`);
        expect(ratio).toBeGreaterThan(0.9);
        expect(ratio).toBeLessThan(1.1);
      }
      expect(leastMs(kernel, 'slow') / leastMs(kernel, 'fast')).toBeGreaterThan(1.6);
    },
    timeoutMs,
  );

  itWithNetem(
    `have the delays of the model, within 10 %${hasNetem ? '' : ': the kernel has no netem'}`,
    async () => {
      const delayed = {
        groups: { slow: { ...load, publish: { sizeBytes: 200 }, network: { delay: '300ms' } } },
        duration: '8s',
        connect: profile.connect,
      };
      const kernel = await reportOf('kernel-delay', delayed, '--netem');
      const model = await reportOf('model-delay', delayed);
      expect(kernel.network?.kernel).toEqual(['delay']);
      const ratio = leastMs(kernel, 'slow') / leastMs(model, 'slow');
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.1);
    },
    timeoutMs,
  );

  itWithout('are refused before anything starts where the kernel has no netem', async () => {
    const file = workplace.writeProfile('lte.json', { ...load, duration: '8s', network: 'lte' });
    const runs = path.join(workplace.directory, 'lte');
    const { code, stderr } = await runCli(['run', file, '--runs', runs, '--netem']);
    expect(stderr).toContain('network.delay: with --netem needs sch_netem');
    expect(code).toBe(3);
    expect(readdirSync(workplace.directory)).not.toContain('lte');
  });

  it.each(['Ctrl-C twice', 'kill -9'])(
    'are removed after %s',
    async (how) => {
      const { cli, runs } = start(how === 'kill -9' ? 'killed' : 'quit');
      const pid = await untilNamespaces(runs);
      if (how === 'kill -9') cli.child.kill('SIGKILL');
      else {
        cli.child.kill('SIGINT');
        await cli.untilOutput('stopping…');
        cli.child.kill('SIGINT');
      }
      await cli.result;
      // A killed command line leaves that to embedded AWS, which first ends the run.
      await until(() => namespaces(pid).length === 0, 'the removal of all namespaces', 100);
    },
    timeoutMs,
  );

  it(
    'are removed after Ctrl-C while the command line finds out what the kernel makes',
    async () => {
      // On a busy machine all of that may happen between two looks: then once more.
      for (let isSeen = false, n = 0; !isSeen; n++) {
        const { cli, runs } = start(`probing-${n}`);
        const { pid } = cli.child;
        const isOver = (): boolean => processOfEmbeddedAws(runs) !== undefined;
        await until(() => namespaces(pid).length > 0 || isOver(), 'a namespace of the command line', 10);
        isSeen = namespaces(pid).length > 0;
        cli.child.kill('SIGINT');
        const { code } = await cli.result;
        expect(code).not.toBe(0);
        expect(namespaces(pid)).toEqual([]);
      }
    },
    timeoutMs,
  );

  it(
    'are removed by the next start, where nothing was left to remove them',
    async () => {
      const { cli, runs } = start('all-killed');
      const pid = await untilNamespaces(runs);
      // Embedded AWS would remove them, if it could still run when the command line has ended.
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
        process.kill(-pid, signal);
        cli.child.kill(signal);
      }
      await cli.result;
      // One that was killed has no command line any more before it has ended.
      const areOver = (): boolean => processesOf(runs).length === 0 && hasEnded(pid);
      await until(areOver, 'the end of its processes', 20);
      expect(namespaces(pid)).not.toEqual([]);
      await probeKernel();
      expect(namespaces(pid)).toEqual([]);
    },
    timeoutMs,
  );
});
