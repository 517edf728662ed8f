import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import { type Progress, phaseOf } from '../run/progress.ts';
import { print, printable } from './printable.ts';
import { renderProgressFrame } from './progress-frame.ts';
import { renderProgressLine } from './progress-line.ts';
import { makeStyler } from './style.ts';

/** Where a run's progress goes while it runs. */
export interface ProgressDisplay {
  /** Called some four times a second; the display decides what to do with it. */
  show(progress: Progress): void;
  /** Prints a line that stays, above the moving part. */
  say(line: string): void;
  /** Removes the moving part. Idempotent. */
  end(): void;
}

/** Without a terminal: a line this often, and at each new phase. */
const lineEveryMs = 2_000;

/** Bars on a terminal, lines in a pipe, nothing with `quiet`. */
export function makeProgressDisplay(stream: NodeJS.WriteStream, quiet: boolean): ProgressDisplay {
  if (quiet) return quietDisplay;
  return stream.isTTY && process.env.TERM !== 'dumb' ? makeBarDisplay(stream) : makeLineDisplay(stream);
}

const quietDisplay: ProgressDisplay = { show: () => undefined, say: () => undefined, end: () => undefined };

function makeBarDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const update = createLogUpdate(stream);
  const style = makeStyler(stream);
  let last: Progress | undefined;
  let drawn: readonly string[] = [];
  const draw = (): void => {
    if (last === undefined) return;
    drawn = renderProgressFrame(last, stream.columns, style);
    update(printable(drawn.join('\n')));
  };
  // A terminal that got narrower has wrapped the text: more rows must be removed than were written.
  const redraw = (): void => {
    const rows = drawn.reduce((sum, line) => sum + rowsOf(line, stream.columns), 0);
    if (rows > 0) stream.write(`${csi}${rows}A\r${csi}0J`);
    update.done();
    draw();
  };
  stream.on('resize', redraw);
  return {
    show(progress) {
      last = progress;
      draw();
    },
    say(line) {
      update.clear();
      print(stream, `${line}\n`);
      draw();
    },
    end() {
      stream.off('resize', redraw);
      last = undefined;
      drawn = [];
      update.clear();
      update.done();
    },
  };
}

/** Control Sequence Introducer, ECMA-48. */
const csi = '\u001B[';

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}

function makeLineDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastPhase = '';
  return {
    show(progress) {
      const phase = phaseOf(progress);
      if (progress.now - lastAt < lineEveryMs && phase === lastPhase) return;
      lastAt = progress.now;
      lastPhase = phase;
      print(stream, `${renderProgressLine(progress)}\n`);
    },
    say: (line) => print(stream, `${line}\n`),
    end: () => undefined,
  };
}
