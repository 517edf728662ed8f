import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../src/measure/latency-histogram.ts';
import type { RunLedger } from '../../src/measure/run-ledger.ts';
import { summarizeGenerator } from '../../src/report/generator-summary.ts';
import { runOf } from './report-fixture.ts';

const { ledger } = runOf();

/** The same run with another generator, and messages that left as late as this. */
function healthOf(
  generator: Partial<RunLedger['generator']>,
  { lagMs = 0.4, dropped = 0 }: { lagMs?: number; dropped?: number } = {},
) {
  const send_lag = new LatencyHistogram();
  for (let i = 0; i < 1_000; i++) send_lag.record(lagMs);
  return summarizeGenerator({
    ...ledger,
    generator: { ...ledger.generator, peakCpuShare: 0.41, ...generator },
    messages: { ...ledger.messages, dropped },
    latencies: { ...ledger.latencies, send_lag },
  }).health;
}

describe('whose fault a late message is', () => {
  it('is nobody’s where none was late', () => {
    expect(healthOf({})).toEqual({
      state: 'kept-up',
      signs: [],
      sentence:
        'The generator kept up: send lag p99 0.4 ms, nothing dropped, at most 41 % of a vCPU in a slice, event loop delay p99 1.2 ms.',
    });
  });

  it.each([
    [{ peakCpuShare: 0.98 }, 'a slice took 98 % of a vCPU'],
    [{ eventLoopDelayP99Ms: 34 }, 'event loop delay p99 34 ms'],
    [{ startLagMs: 812 }, 'a slice was ready 812 ms late'],
  ])('is the generator’s where %j shows that it was busy', (generator, sign) => {
    expect(healthOf(generator, { lagMs: 40, dropped: 7 })).toEqual({
      state: 'bottleneck',
      signs: [sign],
      sentence: `The generator was the bottleneck (${sign}): 1 % of the messages left 40 ms late or more and 7 messages were never sent, which the service is not to blame for.`,
    });
    expect(healthOf(generator)).toMatchObject({ state: 'strained', signs: [sign] });
  });

  it('is the service’s where the generator had time to spare', () => {
    const { state, sentence } = healthOf({}, { lagMs: 800 });
    expect(state).toBe('waited');
    expect(sentence).toBe(
      'The generator had time to spare (at most 41 % of a vCPU in a slice, event loop delay p99 1.2 ms), and yet 1 % of the messages left 800 ms late or more: devices waited for the service to connect or to acknowledge.',
    );
  });

  it('is the generator’s where a slice died', () => {
    const { ledger: died } = runOf({ died: [1] });
    expect(summarizeGenerator(died).health).toMatchObject({ state: 'bottleneck', signs: ['1 slice died'] });
  });
});
