import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const main = path.resolve(import.meta.dirname, '../../../src/main.ts');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves once stderr holds `text`. */
  untilOutput(text: string): Promise<void>;
  /** On stderr so far. */
  said(): string;
}

/** The real command line in a process of its own, without the caller's STAMPEDE_* and colours. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { cwd, input }: { readonly cwd?: string; readonly input?: string } = {},
): CliProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(STAMPEDE_|FORCE_COLOR|NODE_OPTIONS)/.test(name),
  );
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<CliResult>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    result,
    said: () => stderr,
    untilOutput: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve();
        };
        look();
        child.stderr.on('data', look);
        child.once('close', () => reject(new Error(`ended without saying "${text}":\n${stderr}`)));
      }),
  };
}

export function runCli(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliResult> {
  return startCli(args, env).result;
}

/** A directory for one test file. */
export interface Workplace {
  readonly directory: string;
  writeProfile(name: string, profile: unknown): string;
  remove(): void;
}

export function makeWorkplace(): Workplace {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampede-cli-'));
  return {
    directory,
    writeProfile(name, profile) {
      const file = path.join(directory, name);
      writeFileSync(file, typeof profile === 'string' ? profile : JSON.stringify(profile, null, 2));
      return file;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
