import { readFile } from 'node:fs/promises';
import { exitCodes, type Fault, InvalidInputError, StampedeError } from '../profile/errors.ts';

export class ProfileNotReadableError extends StampedeError {
  constructor(path: string, cause: unknown) {
    super('ProfileNotReadable', `${path}: ${whyNotReadable(cause)}`, {
      hint: 'give the path of a load profile; examples lie in profiles/',
      exitCode: exitCodes.badUsage,
      cause,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a directory',
  EACCES: 'may not be read',
};

/** The system's reason for a file that could not be read, in words. */
export function whyNotReadable(error: unknown): string {
  return reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * A load profile as the user wrote it, not yet checked.
 * @throws ProfileNotReadableError
 * @throws InvalidInputError where the file is not JSON, with line and column.
 */
export async function readProfileFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ProfileNotReadableError(path, error);
  }
  return parseProfileText(text, path);
}

/**
 * @param name of the text, for the error
 * @throws InvalidInputError where it is not JSON, with line and column.
 */
export function parseProfileText(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    throw new InvalidInputError(name, [jsonFault(text, error)]);
  }
}

function jsonFault(text: string, error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const [, what, line, column] =
    /^(.*?) in JSON at position \d+ \(line (\d+) column (\d+)\)/s.exec(message) ?? [];
  const fault =
    what === undefined
      ? { path: 'JSON', message }
      : { path: `line ${line}, column ${column}`, message: what };
  if (/^\s*(\/\/|\/\*)/m.test(text)) return { ...fault, hint: 'JSON has no comments' };
  if (/,\s*[}\]]/.test(text)) return { ...fault, hint: 'JSON has no comma before a closing bracket' };
  return fault;
}
