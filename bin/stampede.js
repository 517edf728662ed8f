#!/usr/bin/env node
// Plain JavaScript that every Node runs. The command line itself needs Node 24: an optional dependency for most platforms.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Sources in a clone, compiled modules in the published package. */
const main = ['../src/main.ts', '../dist/src/main.js']
  .map((file) => new URL(file, import.meta.url))
  .find((url) => existsSync(url));

const neededMajor = 24;
if (Number.parseInt(process.versions.node, 10) >= neededMajor) {
  module.enableCompileCache();
  await import(main.href);
} else {
  runOnPackagedNode();
}

function runOnPackagedNode() {
  const node = findPackagedNode();
  if (node === undefined) {
    process.stderr.write(
      `stampede: this is Node ${process.versions.node}, and Node ${neededMajor} is needed\n` +
        '  → it comes as an optional dependency for most platforms, and is not here: run `npm install` again without --omit=optional, or put Node 24 first on the PATH\n',
    );
    process.exit(1);
  }
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  // The child decides how it ends. It counts a SIGINT that the terminal has sent to both of them once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`stampede: ${node} did not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @returns {string | undefined} path of the Node 24 that is installed for this platform */
function findPackagedNode() {
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const { resolve } = module.createRequire(import.meta.url);
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    try {
      const directory = path.dirname(resolve(`${name}/package.json`));
      const file = path.join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(file)) return file;
    } catch {
      // Not installed: the package of another platform, or of none.
    }
  }
  return undefined;
}
