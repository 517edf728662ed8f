import { describe, expect, it } from '@jest/globals';
import type { JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { SearchEnd } from '../../../src/plan/search/search-answer.ts';
import { searchReportOf, verdictOfSearch } from '../../../src/report/search-report.ts';
import { describeAnswer } from '../../../src/report/search-text.ts';
import { capacitySearch, holdOf, searchService } from '../../support/plan/simulated-service.ts';

const end = { stoppedOn: undefined, isAborted: false };
const objective = { metric: 'lost_messages', expression: 'count==0', actual: 9 };
const other = { metric: 'dropped_messages', expression: 'count==0', actual: 1 };

function failed(broke: JudgedHold['broke']): JudgedHold {
  return { ...holdOf({ level: 1_000 }, 'failed', 0), broke };
}

describe('searchReportOf', () => {
  it('names the quota that the search saw, where the complete record names none', () => {
    const seen = [failed([{ ...objective, actual: 7, quota: 'publishInPerSecond' }])];
    const brokeOf = (judged: JudgedHold) =>
      searchReportOf({ settings: capacitySearch, judged: [judged], seen }, end).steps[0]?.broke;
    expect(brokeOf(failed([objective, other]))).toEqual([
      { ...objective, quota: 'publishInPerSecond' },
      other,
    ]);
    const known = { ...objective, quota: 'connectsPerSecond' };
    expect(brokeOf(failed([known]))).toEqual([known]);
  });

  it('has what a hold was taken for only where that was something else', () => {
    const judged = [failed([objective]), holdOf({ level: 500 }, 'passed', 1)];
    const seen = [failed([objective]), holdOf({ level: 500 }, 'void', 1)];
    const { steps } = searchReportOf({ settings: capacitySearch, judged, seen }, end);
    expect(steps.map((step) => step.seen)).toEqual([undefined, 'void']);
  });

  it('is contradicted where the complete record has no answer and the search had one', () => {
    const { judged: seen } = searchService(capacitySearch, (level) => (level <= 3_137 ? 'passed' : 'failed'));
    const endedBy = (ended?: SearchEnd, judged = seen) => {
      const stoppedOn = {
        command: 'stop' as const,
        by: 'search' as const,
        reason: 'answered',
        at: 0,
        ...(ended && { ended }),
      };
      return searchReportOf({ settings: capacitySearch, judged, seen }, { ...end, stoppedOn });
    };
    expect(endedBy('found').answer.ended).toBe('found');
    const otherwise = seen.map((hold) =>
      hold.level === 3_220 ? { ...hold, outcome: 'passed' as const } : hold,
    );
    const report = endedBy('found', otherwise);
    expect(report.answer).toMatchObject({ ended: 'contradicted', holds: 3_220, breaks: 3_363 });
    expect(verdictOfSearch(report)).toBe('inconclusive');
    expect(describeAnswer(report)).toBe(
      'The complete record of the run contradicts the answer that its search had; by the record, it holds 3,220/s, and 3,363/s fails.',
    );
    expect(endedBy('refused', otherwise).answer.ended).toBe('refused');
    expect(endedBy('out-of-time', otherwise).answer.ended).toBe('out-of-time');
  });

  it('is stopped where StopExecution ended it, and else out of time', () => {
    const endOf = (isAborted: boolean) =>
      searchReportOf({ settings: capacitySearch, judged: [], seen: [] }, { ...end, isAborted }).answer.ended;
    expect([endOf(true), endOf(false)]).toEqual(['stopped', 'out-of-time']);
  });
});
