import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { followFaults } from '../../../../src/embedded/process/follow-faults.ts';
import { followRunActions } from '../../../../src/embedded/process/follow-run-actions.ts';
import { makePlan } from '../../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import type { ServiceFaultChange } from '../../../../src/profile/service-faults.ts';
import { readStored } from '../../../../src/report/stored/read-stored.ts';

const now = 1_000_000;
const plan = makePlan({
  runId: 'r',
  now,
  profile: parseLoadProfile({
    devices: 10,
    ratePerSecond: 10,
    duration: '60s',
    timeline: [
      { at: '10s', faults: { dropAcks: 0.1 } },
      { at: '12s', disconnect: {} },
    ],
  }),
});
const { publishAt } = plan.timeline;
const key = (name: string) => `runs/r/${name}.json`;
const actionOf = (k: number, atMs: number, faults: object | string) =>
  JSON.stringify({ version: 1, runId: 'r', k, at: publishAt + atMs, action: { kind: 'faults', faults } });

describe('faults that actions change', () => {
  let running: string[];
  let stored: Map<string, string>;
  let changes: [atMs: number, change: ServiceFaultChange][];
  let troubles: string[];
  let followed: { close(): void };
  /** To an instant after publishing began. */
  const go = (atMs: number) => jest.advanceTimersByTimeAsync(publishAt + atMs - Date.now());

  beforeEach(async () => {
    // Its validators are loaded here: a module is not loaded in virtual time.
    await readStored('plan', JSON.stringify(plan), key('plan'));
    await readStored('action', actionOf(0, 0, 'none'), key('actions/0'));
    jest.useFakeTimers({ now });
    running = ['r'];
    stored = new Map([[key('plan'), JSON.stringify(plan)]]);
    changes = [];
    troubles = [];
    const onTrouble = (what: string) => void troubles.push(what);
    followed = followRunActions({
      running: () => running,
      files: {
        get: async (name) => {
          const body = stored.get(name);
          return body === undefined ? undefined : ({ body: Buffer.from(body) } as never);
        },
      },
      listeners: [
        followFaults({
          initial: { dropDeliveries: 0.5 },
          change: async (change) => void changes.push([Date.now() - publishAt, change]),
          onTrouble,
        }),
      ],
      onTrouble,
    });
  });
  afterEach(() => {
    followed.close();
    jest.useRealTimers();
  });

  it('change at their instants, planned and issued in any order', async () => {
    await go(1_000);
    stored.set(key('actions/0'), actionOf(0, 20_000, { dropAcks: 0.3 }));
    stored.set(key('actions/1'), actionOf(1, 5_000, { dropAcks: 0.2 }));
    await go(30_000);
    expect(changes).toEqual([
      [5_000, { dropAcks: 0.2 }],
      [10_000, { dropAcks: 0.1 }],
      [20_000, { dropAcks: 0.3 }],
    ]);
    expect(troubles).toEqual([]);
  });

  it('are those of the start again once the run has ended, and what was to come is dropped', async () => {
    await go(11_000);
    stored.set(key('actions/0'), actionOf(0, 20_000, { dropAcks: 0.3 }));
    await go(12_000);
    running = [];
    await go(30_000);
    expect(changes).toHaveLength(2);
    expect(changes[1]![1]).toMatchObject({ dropDeliveries: 0.5, dropAcks: 0 });
  });

  it('stay as they are where an action cannot be read, which is said', async () => {
    stored.set(key('actions/0'), '{');
    await go(1_000);
    expect(changes).toEqual([]);
    expect(troubles[0]).toMatch(/^an action of run r cannot be read: /);
  });
});
