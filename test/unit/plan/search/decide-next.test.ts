import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideNext } from '../../../../src/plan/search/decide-next.ts';
import type { HoldOutcome } from '../../../../src/plan/search/judged-hold.ts';
import { mostHolds, undisturbedHolds } from '../../../../src/plan/search/most-holds.ts';
import { answerNow } from '../../../../src/plan/search/search-answer.ts';
import { type CapacitySearch, searchMethodNames } from '../../../../src/profile/search.ts';
import { makeRandom } from '../../../../src/shared/random.ts';
import { randomCases, sizeOf } from '../../../support/effort.ts';
import { capacitySearch, holdOf, searchService } from '../../../support/plan/simulated-service.ts';

const searches = fc
  .record({
    from: fc.integer({ min: 1, max: 50_000 }),
    factor: fc.double({ min: 1, max: 30, noNaN: true }),
    method: fc.constantFrom(...searchMethodNames),
    precision: fc.constantFrom(0.02, 0.05, 0.2, 0.5),
    confirm: fc.integer({ min: 1, max: 4 }),
  })
  .map(
    ({ from, factor, ...others }): CapacitySearch => ({
      ...capacitySearch,
      ...others,
      from,
      to: Math.max(from + 1, Math.round(from * factor)),
    }),
  );

const outcomes = fc.constantFrom<HoldOutcome>('passed', 'failed', 'void');

/** Of the holds of one level, without the void ones. */
function countsOf(judged: readonly { level: number; outcome: HoldOutcome }[], level: number | null) {
  const own = judged.filter((hold) => hold.level === level && hold.outcome !== 'void');
  return { passed: own.filter(({ outcome }) => outcome === 'passed').length, all: own.length };
}

describe('decideNext', () => {
  it('finds a limit within the precision, in no more holds than it says', () => {
    const position = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(searches, position, (settings, share) => {
        const { from, to, precision, confirm } = settings;
        const limit = from + share * (to - from);
        const { answer, judged } = searchService(settings, (level) => (level <= limit ? 'passed' : 'failed'));
        expect(judged.length).toBeLessThanOrEqual(undisturbedHolds(settings));
        if (limit >= to) {
          expect(answer).toMatchObject({ ended: 'all-passed', holds: to, breaks: null });
          return;
        }
        const { holds, breaks, confidence } = answer;
        expect(answer.ended).toBe('found');
        expect(holds!).toBeLessThanOrEqual(limit);
        expect(breaks!).toBeGreaterThan(limit);
        expect(breaks! - holds!).toBeLessThanOrEqual(Math.max(1, precision * holds!));
        expect(confidence).toEqual({
          passedHolds: confirm,
          ofHolds: confirm,
          failedHolds: confirm,
          ofFailing: confirm,
        });
      }),
      randomCases(300),
    );
  });

  it('says that none passes where even the lowest level fails', () => {
    fc.assert(
      fc.property(searches, (settings) => {
        const { answer, judged } = searchService(settings, () => 'failed');
        expect(answer).toMatchObject({ ended: 'none-passed', holds: null, breaks: settings.from });
        expect(judged).toHaveLength(settings.confirm);
      }),
      randomCases(100),
    );
  });

  it('needs as many holds as it says for some limit', () => {
    const limits = Array.from({ length: 280 }, (_, i) => 1_000 + 25 * i);
    for (const method of searchMethodNames) {
      const settings = { ...capacitySearch, method };
      const counts = limits.map(
        (limit) => searchService(settings, (level) => (level <= limit ? 'passed' : 'failed')).judged.length,
      );
      expect(Math.max(...counts)).toBe(undisturbedHolds(settings));
    }
  });

  it('tries no level above twice the limit while it ramps', () => {
    fc.assert(
      fc.property(searches, fc.double({ min: 0, max: 1, noNaN: true }), (settings, share) => {
        const limit = settings.from + share * (settings.to - settings.from);
        const { judged } = searchService(settings, (level) => (level <= limit ? 'passed' : 'failed'));
        for (const { level } of judged) expect(level).toBeLessThanOrEqual(2 * limit + 1);
      }),
      randomCases(100),
    );
  });

  it('ends after the holds that it says, whatever their outcomes, and answers by what it has seen', () => {
    fc.assert(
      fc.property(searches, fc.array(outcomes, { minLength: 1, maxLength: 40 }), (settings, given) => {
        const { answer, judged } = searchService(
          settings,
          (_, before) => given[before.length % given.length]!,
        );
        expect(judged.length).toBeLessThanOrEqual(mostHolds(settings));
        const { holds, breaks, confidence } = answer;
        if (holds !== null && breaks !== null) expect(holds).toBeLessThan(breaks);
        for (const { level } of judged) {
          expect(Number.isInteger(level)).toBe(true);
          expect(level).toBeGreaterThanOrEqual(settings.from);
          expect(level).toBeLessThanOrEqual(settings.to);
        }
        const [ofHolds, ofBreaks] = [countsOf(judged, holds), countsOf(judged, breaks)];
        expect(confidence).toEqual({
          passedHolds: ofHolds.passed,
          ofHolds: ofHolds.all,
          failedHolds: ofBreaks.all - ofBreaks.passed,
          ofFailing: ofBreaks.all,
        });
      }),
      randomCases(300),
    );
  });

  it('names the first step of a level in each step that repeats it, and no other', () => {
    fc.assert(
      fc.property(searches, fc.array(outcomes, { minLength: 1, maxLength: 40 }), (settings, given) => {
        const { judged } = searchService(settings, (_, before) => given[before.length % given.length]!);
        for (const { step, level, repeats } of judged) {
          const first = judged.findIndex((hold) => hold.level === level);
          expect(repeats).toBe(first === step ? undefined : first);
        }
      }),
      randomCases(200),
    );
  });

  it('decides levels near a knee with noise by the majority of their holds', () => {
    const random = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 });
    const knees = fc.integer({ min: 1_500, max: 7_500 });
    fc.assert(
      fc.property(knees, random, (knee, noise) => {
        const band = 0.03;
        const { answer } = searchService(capacitySearch, (level, before) =>
          level <= knee * (1 + band * noise[before.length % noise.length]!) ? 'passed' : 'failed',
        );
        // A level outside the band of the noise is always judged as it is.
        expect(answer.holds!).toBeLessThanOrEqual(knee * (1 + band));
        expect(answer.breaks!).toBeGreaterThan(knee * (1 - band));
        if (answer.ended !== 'found') return;
        const { passedHolds, ofHolds, failedHolds, ofFailing } = answer.confidence;
        expect([passedHolds, failedHolds]).toEqual([2, 2]);
        expect(ofHolds).toBeLessThanOrEqual(3);
        expect(ofFailing).toBeLessThanOrEqual(3);
        expect(answer.breaks! - answer.holds!).toBeLessThanOrEqual(0.05 * answer.holds!);
      }),
      randomCases(300),
    );
  });

  // What docs/decisions/0018-capacity-search.md says of noise.
  it('is within a knee that moves by up to 5 % from hold to hold, for 1.3 more holds on average', () => {
    const searchesMade = sizeOf(3_000, 600);
    let more = 0;
    for (let i = 0; i < searchesMade; i++) {
      const random = makeRandom(i, 4);
      const knee = 1_500 + 6_000 * random();
      const steady = searchService(capacitySearch, (level) => (level <= knee ? 'passed' : 'failed'));
      const { answer, judged } = searchService(capacitySearch, (level) =>
        level <= knee * (0.95 + 0.1 * random()) ? 'passed' : 'failed',
      );
      more += judged.length - steady.judged.length;
      expect(answer.holds!).toBeLessThanOrEqual(1.05 * knee);
      expect(answer.breaks!).toBeGreaterThan(0.95 * knee);
    }
    expect(more / searchesMade).toBeGreaterThan(1.1);
    expect(more / searchesMade).toBeLessThan(1.5);
  });

  it('goes on below a level whose later holds fail', () => {
    // 2,000/s passes once, by chance; the service takes 1,900/s.
    let passes = 0;
    const { answer, judged } = searchService({ ...capacitySearch, to: 2_100 }, (level) =>
      level <= 1_900 || (level === 2_000 && passes++ === 0) ? 'passed' : 'failed',
    );
    expect(judged.filter(({ level }) => level === 2_000).map(({ outcome }) => outcome)).toEqual([
      'passed',
      'failed',
      'failed',
    ]);
    expect(answer.ended).toBe('found');
    expect(answer.holds!).toBeLessThanOrEqual(1_900);
    expect(answer.breaks!).toBeGreaterThan(1_900);
    expect(answer.breaks!).toBeLessThan(2_000);
  });

  it('repeats a void hold once, and goes on as if it had not been', () => {
    const { judged, answer } = searchService(capacitySearch, (level, before) =>
      before.length === 1 ? 'void' : level <= 3_137 ? 'passed' : 'failed',
    );
    expect(judged.slice(0, 4).map(({ level, repeats }) => [level, repeats])).toEqual([
      [1_000, undefined],
      [2_000, undefined],
      [2_000, 1],
      [4_000, undefined],
    ]);
    expect(answer.ended).toBe('found');
  });

  it('ends with a hold that is void twice, and says what it needs', () => {
    const { judged, answer } = searchService(capacitySearch, (level) => (level <= 2_000 ? 'passed' : 'void'));
    expect(judged.map(({ level }) => level)).toEqual([1_000, 2_000, 4_000, 4_000]);
    expect(answer).toMatchObject({ ended: 'void', holds: 2_000, breaks: null });
    expect(answer.needs).toBe(
      'The search needs a faster generator: more slices (set slices.devicesPerSlice lower), or in a rehearsal a machine with more cores or less other work.',
    );
  });

  it('ends with the third void hold, though each was another level', () => {
    const { judged, answer } = searchService(capacitySearch, (_, before) =>
      before.length % 2 === 0 ? 'void' : 'passed',
    );
    expect(judged.map(({ level }) => level)).toEqual([1_000, 1_000, 2_000, 2_000, 4_000]);
    expect(answer).toMatchObject({ ended: 'void', holds: 2_000 });
  });

  it('says what it has found where it is stopped', () => {
    const judged = [holdOf({ level: 1_000 }, 'passed', 0), holdOf({ level: 2_000 }, 'failed', 1)];
    expect(decideNext(capacitySearch, judged)).toEqual({ level: 1_414 });
    expect(answerNow('stopped', judged, capacitySearch)).toEqual({
      ended: 'stopped',
      holds: 1_000,
      breaks: 2_000,
      confidence: { passedHolds: 1, ofHolds: 1, failedHolds: 1, ofFailing: 1 },
    });
  });
});
