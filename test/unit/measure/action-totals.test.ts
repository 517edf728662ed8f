import { describe, expect, it } from '@jest/globals';
import { AppliedActions } from '../../../src/measure/action-totals.ts';

const action = { at: 10_000, action: { kind: 'disconnect' } };

describe('applied actions', () => {
  it('are counted by slice, with how late each was', () => {
    const applied = new AppliedActions();
    applied.addSlice({ slice: 0, actions: [{ k: 3, at: 10_002 }] });
    applied.addSlice({ slice: 1, actions: [{ k: 3, at: 10_500, isLate: true }] });
    applied.addSlice({ slice: 2, actions: [{ k: 4, at: 99_000 }] });
    applied.addSlice({ slice: 3, actions: [{ planned: 3, at: 99_000 }] });
    applied.addSlice({ slice: 4 });
    applied.addSlice({ slice: 5, actions: [{ k: 3, at: 9_999.7 }] });
    expect(applied.totalsOf({ k: 3 }, action)).toEqual({
      slices: 3,
      learnedLate: 1,
      latenessesMs: [0, 2, 500],
    });
    expect(applied.totalsOf({ k: 5 }, action)).toBeUndefined();
  });

  it('are those of the leg that carried them out first', () => {
    const applied = new AppliedActions();
    applied.addSlice({ slice: 0, actions: [{ planned: 0, at: 60_000, isLate: true }] });
    applied.addSlice({ slice: 0, actions: [{ planned: 0, at: 10_001 }] });
    expect(applied.totalsOf({ planned: 0 }, action)).toEqual({
      slices: 1,
      learnedLate: 0,
      latenessesMs: [1],
    });
  });
});
