import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Words of a private language, with the words that readers know: docs/glossary.md.
 * `npm run check` fails on each, in code, comments, tests and docs.
 */
const replaced: readonly (readonly [pattern: string, instead: string])[] = [
  ['weather\\w*|calm', 'faults, fault injection, no faults'],
  ['doors?', 'endpoint, connector, listener, session'],
  ['iOwn|i-own|strangers?', 'allowed hosts, other hosts'],
  ['take aim|takeAim|aims?', 'target check, resolve target'],
  ['venue|desk|glance', 'backend, run slot, poller'],
  ['outbox|spill(?:s|ed)?|aftermath|asides|doubts', 'queue, overflow file, delivery, notes, inconsistencies'],
  ['whoever|nobody|somebody|anybody', 'the caller, no client, no one, another user, any client'],
  ['(?:un)?told|tells?|telling|hears?|heard|knows', 'reported, says, distinguishes, receives, received, has'],
  ['in words|to mend', 'as text, a sentence; an error, a problem'],
  ['tally|tallies|lent|honest(?:y)?', 'counters, totals, valid during the call, borrowed, correct, accuracy'],
  ['chores|rooms', 'scripts, layers'],
  ['faultsOf|internalFault|isAway|LastWord', 'errorsOf, internalError, isUnavailable, RecordFailure'],
  ['owed|patience|patienceMs|nudge', 'remainder, timeout, poke'],
  ['on the way', 'in flight'],
  ['books', 'counters, totals'],
  ['world', 'deps, setup'],
  ['hand(?:s|ed)? (?:it |them )?(?:over|out)', 'pass, deliver, give'],
  ['(?:a |no )?faults? of ours', 'internal error'],
  ['paints?|painted|inks?', 'style, styler'],
  ['witness(?:es)?|rough clients', 'observer, malformed clients'],
];
const banned = new RegExp(
  `(?<![\\w/.-])(?:${replaced.map(([pattern]) => `(${pattern})`).join('|')})(?![\\w-])`,
  'i',
);

const tracked = execFileSync('git', ['ls-files', '-z', ...process.argv.slice(2)], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => /\.(?:ts|js|mjs|md|yml)$/.test(file))
  .filter((file) => !/(?:generated\/.*|glossary\.md|check-words\.ts|CHANGELOG\.md)$/.test(file));

let found = 0;
for (const file of tracked) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const match = banned.exec(line);
    if (match === null) continue;
    const [, instead] = replaced[match.slice(1).findIndex((group) => group !== undefined)] ?? [];
    console.error(`${file}:${index + 1}: "${match[0]}" → ${instead}`);
    found++;
  }
}
if (found > 0) {
  console.error(`\n${found} words to replace; docs/glossary.md has the words of this project`);
  process.exitCode = 1;
}
