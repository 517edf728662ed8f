/**
 * `npm run bench -- [suite …] [--rounds N] [--seconds N] [--full] [--json FILE]`: how fast Stampede is, each figure beside
 * a reference that was measured in the same run.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { busyShare, describeMachine, watchMachine } from './machine.ts';
import type { Bench, Suite } from './suite.ts';
import { suites } from './suites.ts';
import { renderTable } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    full: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

interface SuiteReport {
  readonly suite: string;
  readonly figures: readonly Figure[];
  readonly skipped: readonly string[];
  /** Of the machine, by others, while it ran. */
  readonly othersShare: number | undefined;
}

const chosen = chooseSuites(positionals);
const areCounts = [values.rounds, values.seconds].every((text) => /^[1-9]\d*$/.test(text));
if (values.help || chosen === undefined || !areCounts) {
  console.log('usage: npm run bench -- [suite …] [--rounds N] [--seconds N] [--full] [--json FILE]\n');
  for (const { name, about } of suites) console.log(`  ${name.padEnd(24)}${about}`);
  process.exit(values.help ? 0 : 2);
}

console.log(describeMachine());
const reports: SuiteReport[] = [];
for (const suite of chosen) reports.push(await runSuite(suite));
if (values.json !== undefined) {
  const json = { machine: describeMachine(), at: new Date().toISOString(), options: values, suites: reports };
  writeFileSync(values.json, `${JSON.stringify(json, null, 2)}\n`);
}

/** Those of a given name, or else those whose name begins with it; all without one; undefined where a word names none. */
function chooseSuites(words: readonly string[]): readonly Suite[] | undefined {
  const named = (word: string) => {
    const exact = suites.filter(({ name }) => name === word);
    return exact.length > 0 ? exact : suites.filter(({ name }) => name.startsWith(word));
  };
  if (words.some((word) => named(word).length === 0)) return undefined;
  return words.length === 0 ? suites : [...new Set(words.flatMap(named))];
}

async function runSuite(suite: Suite): Promise<SuiteReport> {
  console.log(`\n== ${suite.name}: ${suite.about}`);
  const figures: Figure[] = [];
  const skipped: string[] = [];
  const bench: Bench = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    full: values.full,
    report: (figure) => figures.push(figure),
    skip: (what) => skipped.push(what),
    progress: (what) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K  ${what}`);
    },
  };
  const stopWatching = watchMachine();
  await suite.run(bench);
  const { othersShare } = stopWatching();
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  for (const line of renderTable(figures)) console.log(line);
  for (const what of skipped) console.log(`skipped: ${what}`);
  if (othersShare === undefined) {
    console.log('whether other processes were busy is not known on this machine');
  } else if (othersShare > busyShare) {
    const percent = Math.round(othersShare * 100);
    console.log(
      `other processes took ${percent} % of the machine: rates and latencies are not to be trusted`,
    );
  }
  return { suite: suite.name, figures, skipped, othersShare };
}
