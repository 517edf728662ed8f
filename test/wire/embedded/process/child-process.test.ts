import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const watch = new URL('../../../../src/embedded/process/child-process.ts', import.meta.url).href;

describe('a process without file descriptors', () => {
  (existsSync('/bin/sh') ? it : it.skip)('reports it once, by name', async () => {
    // In a process of its own: it opens all it may.
    const code = `
      import { openSync } from 'node:fs';
      import { watchDescriptors } from ${JSON.stringify(watch)};
      const what = [];
      watchDescriptors('the embedded IoT Core', (text) => what.push(text));
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      setTimeout(() => { process.stdout.write(JSON.stringify(what)); }, 3500);
    `;
    const child = spawn(
      '/bin/sh',
      ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', code],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    await once(child, 'close');
    expect(JSON.parse(output)).toEqual([
      expect.stringMatching(/^the embedded IoT Core may open no more files \(EMFILE\): .*ulimit -n/),
    ]);
  });
});
