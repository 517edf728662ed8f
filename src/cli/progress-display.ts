import { createLogUpdate } from 'log-update';
import { makePaint } from './paint.ts';
import { type Progress, phaseOf } from './progress.ts';
import { renderProgressFrame } from './progress-frame.ts';
import { renderProgressLine } from './progress-line.ts';

/** Where a run's progress goes while it runs. */
export interface ProgressDisplay {
  /** Called some four times a second; the display decides what to do with it. */
  show(progress: Progress): void;
  /** A line that stays, above the moving part. */
  say(line: string): void;
  /** Takes the moving part away. Idempotent. */
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
  const paint = makePaint(stream);
  let last: Progress | undefined;
  const draw = (): void => {
    if (last !== undefined) update(renderProgressFrame(last, stream.columns, paint).join('\n'));
  };
  stream.on('resize', draw);
  return {
    show(progress) {
      last = progress;
      draw();
    },
    say: (line) => update.persist(line),
    end() {
      stream.off('resize', draw);
      last = undefined;
      update.clear();
      update.done();
    },
  };
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
      stream.write(`${renderProgressLine(progress)}\n`);
    },
    say: (line) => stream.write(`${line}\n`),
    end: () => undefined,
  };
}
