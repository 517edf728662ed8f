#!/usr/bin/env node
import { runCli } from './program.ts';

// A reader that has seen enough (`stampede plan … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exit(await runCli(process.argv.slice(2)));
