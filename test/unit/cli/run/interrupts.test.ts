import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { catchInterrupts } from '../../../../src/cli/run/interrupts.ts';

describe('interrupts', () => {
  const makeBench = () => {
    const source = new EventEmitter();
    let nowMs = 1_000;
    const interrupts = catchInterrupts(source, () => nowMs);
    return {
      interrupts,
      source,
      signal(name: string, afterMs = 0) {
        nowMs += afterMs;
        source.emit(name);
      },
    };
  };

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('stops at the first %s and quits at the second', (name) => {
    const { interrupts, signal } = makeBench();
    expect(interrupts.stop.aborted).toBe(false);
    signal(name);
    expect([interrupts.stop.aborted, interrupts.quit.aborted]).toEqual([true, false]);
    signal(name, 1_000);
    expect(interrupts.quit.aborted).toBe(true);
  });

  it('takes one Ctrl-C that npm passes on a second time for one', () => {
    const { interrupts, signal } = makeBench();
    signal('SIGINT');
    signal('SIGINT', 5);
    expect(interrupts.quit.aborted).toBe(false);
    signal('SIGINT', 300);
    expect(interrupts.quit.aborted).toBe(true);
  });

  it('gives the signals back', () => {
    const { interrupts, source } = makeBench();
    interrupts.close();
    expect(source.listenerCount('SIGINT')).toBe(0);
  });
});
