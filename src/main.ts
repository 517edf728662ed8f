#!/usr/bin/env node
import { setImmediate } from 'node:timers/promises';
import { runCli } from './cli/program.ts';
import { exitCodes } from './shared/errors.ts';

// stdout has no reader: `stampede plan … | head` (EPIPE), or the terminal was closed (EIO). The work continues without
// output, also when the disk that stdout goes to is full: a run still has to be stopped and reported.
let lost: Error | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') lost ??= error;
  });
}

const exitCode = await runCli(process.argv.slice(2), () => import('./ui/open-page.ts'));
// The error of the last write comes a tick after it.
await setImmediate();
if (lost !== undefined)
  process.stderr.write(`stampede: some of the output could not be written: ${lost.message}\n`);
process.exit(lost !== undefined && exitCode === exitCodes.passed ? exitCodes.internalError : exitCode);
