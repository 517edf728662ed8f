import { describe, expect, it } from '@jest/globals';
import { describeFailedCheck } from '../../../../src/ui/page/failed-check.ts';

describe('a check of a profile that failed', () => {
  it('says that a profile is too long, and how long it may be', () => {
    expect(describeFailedCheck(413)).toBe(
      'This profile is too long: at most 512 KiB are read. Shorten its payload, or let sizeBytes fill it.',
    );
  });

  it('says that stampede may have ended only where there was no answer', () => {
    expect(describeFailedCheck(undefined)).toContain('it may have ended');
    for (const status of [403, 413, 500])
      expect(describeFailedCheck(status)).not.toContain('it may have ended');
  });
});
