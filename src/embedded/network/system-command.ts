import { spawn } from 'node:child_process';

/** A command ended with an error: its own words. */
export class CommandFailedError extends Error {
  /** It is not installed. */
  readonly isMissing: boolean;

  constructor(command: readonly string[], words: string, isMissing = false) {
    super(`${command.slice(0, 2).join(' ')}: ${words}`);
    this.name = 'CommandFailedError';
    this.isMissing = isMissing;
  }
}

/**
 * Runs a command of the system to its end.
 * @param input lines for its standard input
 * @returns what it wrote
 * @throws CommandFailedError
 */
export function runCommand(
  command: readonly string[],
  { input = [], variables = {} }: CommandSettings = {},
): Promise<string> {
  const [name = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { env: { ...process.env, ...variables } });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (data: Buffer) => output.push(data));
    child.stderr.on('data', (data: Buffer) => errors.push(data));
    // One that ends early does not read the rest.
    child.stdin.on('error', () => undefined);
    child.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(new CommandFailedError(command, message, code === 'ENOENT')),
    );
    child.once('close', (status) => {
      if (status === 0) return resolve(Buffer.concat(output).toString());
      const words = Buffer.concat(errors).toString().trim().split(/\n+/).slice(0, 2).join('; ');
      reject(new CommandFailedError(command, words || `ended with ${status}`));
    });
    child.stdin.end(input.map((line) => `${line}\n`).join(''));
  });
}

interface CommandSettings {
  readonly input?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}
