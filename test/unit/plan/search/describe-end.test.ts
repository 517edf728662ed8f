import { describe, expect, it } from '@jest/globals';
import { describeSearchEnd } from '../../../../src/plan/search/describe-end.ts';
import { answerNow } from '../../../../src/plan/search/search-answer.ts';
import { capacitySearch, holdOf } from '../../../support/plan/simulated-service.ts';

describe('describeSearchEnd', () => {
  const judged = [holdOf({ level: 1_000 }, 'passed', 0), holdOf({ level: 2_000 }, 'failed', 1)];

  it('has the levels that are known, and the refusal of the next one where that is known', () => {
    const refused = answerNow('refused', judged, capacitySearch);
    const text = 'the search ended: its next level was refused (1,000/s passes, 2,000/s fails)';
    expect(describeSearchEnd(capacitySearch, refused)).toBe(text);
    expect(describeSearchEnd(capacitySearch, { ...refused, needs: 'It is past a quota.' })).toBe(
      `${text}: It is past a quota.`,
    );
    expect(describeSearchEnd(capacitySearch, answerNow('stopped', [], capacitySearch))).toBe(
      'the search ended: it was stopped',
    );
    expect(describeSearchEnd({ of: 'users' }, refused)).toBe(
      'the search ended: its next level was refused (1,000 users pass, 2,000 users fail)',
    );
  });
});
