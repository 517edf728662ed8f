import { readFile } from 'node:fs/promises';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { type JsonText, readJsonText } from '../../shared/json-text.ts';

/** The load profile cannot be read: no such file, no permission, or no JSON. */
export class ProfileNotReadableError extends StampedeError {
  constructor(path: string, cause: unknown) {
    super('ProfileNotReadable', `${path}: ${whyNotReadable(cause)}`, {
      hint: 'give the path of a load profile; examples are in profiles/',
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

/** Describes why a file could not be read. */
export function whyNotReadable(error: unknown): string {
  return reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * A load profile as the user wrote it, not yet checked.
 * @param path of the file; `-` for standard input
 * @throws ProfileNotReadableError
 * @throws InvalidInputError where the text is not JSON, with line and column.
 */
export async function readProfileFile(path: string): Promise<JsonText> {
  if (path === '-') return readJsonText(await readStandardInput(), 'standard input');
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ProfileNotReadableError(path, error);
  }
  return readJsonText(bytes, path);
}

async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY)
    process.stderr.write('reading the load profile from the terminal; Ctrl-D ends it\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
