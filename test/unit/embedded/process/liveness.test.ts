import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { watchLiveness } from '../../../../src/embedded/process/liveness.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the pulse of a process', () => {
  it('is silent once for each silence, and an error is an answer', async () => {
    const silences: number[] = [];
    let answer = Promise.withResolvers<void>();
    const end = watchLiveness({ ping: () => answer.promise, onSilent: (ms) => silences.push(ms) });
    await jest.advanceTimersByTimeAsync(11_999);
    expect(silences).toEqual([]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(silences).toEqual([10_000]);
    answer.reject(new Error('it is back, and busy'));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(silences).toEqual([10_000]);
    answer = Promise.withResolvers<void>();
    await jest.advanceTimersByTimeAsync(14_000);
    expect(silences).toEqual([10_000, 10_000]);
    end();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(silences).toHaveLength(2);
  });
});
