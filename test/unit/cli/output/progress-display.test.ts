import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import xterm from '@xterm/headless';
import { makeProgressDisplay } from '../../../../src/cli/output/progress-display.ts';
import { renderProgressFrame } from '../../../../src/cli/output/progress-frame.ts';
import { noTotals, type Progress } from '../../../../src/cli/run/progress.ts';
import { samplePlan } from '../../../support/cli/sample-plan.ts';

const { publishAt } = samplePlan.timeline;
const progressAt = (second: number): Progress => ({
  plan: samplePlan,
  totals: { ...noTotals, connected: 12_000, sent: second * 20_000, acked: second * 20_000 },
  sentPerSecond: 20_000,
  intendedPerSecond: 20_000,
  now: publishAt + second * 1_000,
  stopping: false,
});

/** A terminal as users have it: it reflows its lines when it is resized. */
function makeTerminal(columns: number, rows = 30) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const written: Promise<void>[] = [];
  const stream = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns,
    rows,
    write(text: string): boolean {
      written.push(new Promise((resolve) => terminal.write(text, resolve)));
      return true;
    },
  });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    async resize(to: number): Promise<void> {
      await Promise.all(written);
      terminal.resize(to, rows);
      stream.columns = to;
      stream.emit('resize');
    },
    /** All that can be scrolled to, without the empty rows at the end. */
    async text(): Promise<string[]> {
      await Promise.all(written);
      const { active } = terminal.buffer;
      const lines = Array.from({ length: active.length }, (_, i) =>
        active.getLine(i)!.translateToString(true),
      );
      while (lines.at(-1) === '') lines.pop();
      return lines;
    },
  };
}

const frameOf = (second: number, columns: number): string[] =>
  renderProgressFrame(progressAt(second), columns).map((line) => line.trimEnd());

describe('progress on a terminal', () => {
  it('is drawn over itself, below what was said, and goes away at its end', async () => {
    const { stream, text } = makeTerminal(100);
    const display = makeProgressDisplay(stream, false);
    display.say('run smoke');
    display.show(progressAt(1));
    display.show(progressAt(2));
    display.say('stopping…');
    display.show(progressAt(3));
    expect(await text()).toEqual(['run smoke', 'stopping…', ...frameOf(3, 100)]);
    display.end();
    expect(await text()).toEqual(['run smoke', 'stopping…']);
  });

  it.each([
    [100, 61],
    [100, 99],
    [60, 120],
    [90, 40],
  ])('leaves no trace of itself when %i columns become %i, and back', async (before, after) => {
    const { stream, resize, text } = makeTerminal(before);
    const display = makeProgressDisplay(stream, false);
    display.say('said before');
    display.show(progressAt(1));
    await resize(after);
    display.show(progressAt(2));
    expect(await text()).toEqual(['said before', ...frameOf(2, after)]);
    await resize(before);
    display.show(progressAt(3));
    expect(await text()).toEqual(['said before', ...frameOf(3, before)]);
    display.end();
    expect(await text()).toEqual(['said before']);
  });
});

describe('progress in a pipe', () => {
  it('is a line every two seconds', () => {
    const lines: string[] = [];
    const stream = { isTTY: false, write: (text: string) => lines.push(text) > 0 };
    const display = makeProgressDisplay(stream as unknown as NodeJS.WriteStream, false);
    for (let second = 1; second <= 7; second += 0.5) display.show(progressAt(second));
    display.end();
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^\d+:\d\d publishing, .*\n$/);
  });
});
