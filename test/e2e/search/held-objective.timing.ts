import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isDraining } from '../../../src/plan/search/objective/control-level.ts';
import { kneeOf } from '../../support/queueing/mmc.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import { describeHolds } from '../../support/search/stored-search.ts';

// An objective held with real processes and real sockets, on a machine with nothing else to do: HOLD_OBJECTIVE=1, some three and a half minutes.
// Without it it is skipped: the same in virtual time is plan/search/objective/held-services.

const describeHeld = process.env.HOLD_OBJECTIVE === undefined ? describe.skip : describe;
jest.retryTimes(0);

const service = { servers: 20, meanService: 40 };
const atMost = 300;
const right = 1_000 * kneeOf(service, { share: 0.99, atMost });
const pauseAfterMs = 90_000;
const pauseMs = 5_000;

describeHeld('the level for a service with c servers', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    const timeMs = { exponential: { meanMs: service.meanService } };
    rehearsal = await startRehearsal({ faults: { serviceTime: { servers: service.servers, timeMs } } });
  });
  afterAll(() => rehearsal?.close());

  it('settles within a minute where M/M/c has the objective, and recovers from a pause of five seconds', async () => {
    const { report } = await rehearsal.run(
      {
        devices: 50,
        connect: { ratePerSecond: 400 },
        publish: { ackTimeout: '2s' },
        drain: '3s',
        arrivals: 'poisson',
        search: {
          hold: { metric: 'end_to_end_latency p(99)', at: atMost },
          from: Math.round(right / 3),
          to: Math.round(right * 2),
          for: '3m',
        },
      },
      async (plan) => {
        await sleep(plan.timeline.publishAt + pauseAfterMs - Date.now());
        const iotCore = iotCoreProcess();
        process.kill(iotCore, 'SIGSTOP');
        await sleep(pauseMs);
        process.kill(iotCore, 'SIGCONT');
      },
    );
    const { answer, intervals } = report.objective!;
    const [first] = intervals;
    const shown = `right: ${right}/s\n${JSON.stringify(answer)}\n${describeHolds(intervals)}`;
    console.info(shown);
    expect(answer.ended).toBe('found');
    expect(answer.settledAfterMs).toBeLessThanOrEqual(60_000);
    expect(Math.abs(answer.level! / right - 1)).toBeLessThan(0.2);
    const isNear = ({ level }: { readonly level: number }) => Math.abs(level / right - 1) <= 0.25;
    const after = intervals.filter(({ holdUntil }) => holdUntil > first!.at + pauseAfterMs);
    const broken = after.findIndex(({ outcome }) => outcome !== 'passed');
    const back = after.findIndex((each, i) => i > broken && !isDraining(each.move) && isNear(each));
    expect(after[back]!.at - first!.at - pauseAfterMs).toBeLessThanOrEqual(60_000);
    for (const each of after.slice(back)) if (!isDraining(each.move)) expect(isNear(each)).toBe(true);
  }, 400_000);
});

/** The process of embedded IoT Core that descends from this one. */
function iotCoreProcess(): number {
  const found = readdirSync('/proc').map(Number).filter(Number.isInteger).filter(isOwnIotCore);
  if (found.length !== 1) throw new Error(`${found.length} processes of IoT Core descend from this one`);
  return found[0]!;
}

function isOwnIotCore(pid: number): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('embedded/iot-core/main')) return false;
    for (let each = pid; each > 1; each = parentOf(each)) if (each === process.pid) return true;
  } catch {
    // It has ended in the meantime.
  }
  return false;
}

/** The fourth field of its state; the second, its name, may contain blanks. */
function parentOf(pid: number): number {
  const [, fields = ''] = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  return Number(fields);
}
