import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { runEmbedded } from '../../src/library.ts';

const runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-arrivals-'));
afterAll(() => rm(runsDirectory, { recursive: true, force: true, maxRetries: 5 }));

it('balances to the message, whatever the pattern of arrivals', async () => {
  const report = await runEmbedded(
    {
      duration: '6s',
      drain: '2s',
      // A busy machine is late, and drops nothing for it.
      publish: { ackTimeout: '30s' },
      echo: { fraction: 0.5 },
      groups: {
        poisson: { devices: 20, ratePerSecond: 40, arrivals: 'poisson' },
        jitter: { devices: 20, everySeconds: 2, jitter: '1s', publish: { sizeBytes: '300..900' } },
        // 10 devices begin 18 bursts, 300 ms apart, that end within 6 s.
        burst: { devices: 10, burst: { count: 5, spacing: '100ms', everySeconds: 3 } },
        together: { devices: 30, everySeconds: 3, together: true, jitter: '1500ms' },
        kinds: {
          devices: 10,
          messages: {
            reading: { everySeconds: 1, jitter: '500ms' },
            alarm: { burst: { count: 3, spacing: '200ms', everySeconds: 2 }, together: true },
          },
        },
      },
    },
    { runsDirectory },
  );
  expect(report.imbalances).toEqual([]);
  expect(report.messages).toMatchObject({ intended: 600, sent: 600, dropped: 0, received: 600, lost: 0 });
  expect(report.groups?.map(({ group, messages }) => [group, messages.received])).toEqual([
    ['poisson', 240],
    ['jitter', 60],
    ['burst', 90],
    ['together', 60],
    ['kinds', 150],
  ]);
  expect(report.observers.echo).toMatchObject({ due: 300, received: 300, lost: 0 });
});
