#!/usr/bin/env node
import { runCli } from './program.ts';

// Nobody reads on: `stampede plan … | head` (EPIPE), or the terminal was closed (EIO). The work goes on without them.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

process.exit(await runCli(process.argv.slice(2)));
