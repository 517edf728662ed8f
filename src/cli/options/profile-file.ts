import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { type JsonText, readJsonText } from '../../shared/json-text.ts';
import { withFiles } from './profile-includes.ts';
import { whyNotReadable } from './unreadable-file.ts';

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

/**
 * A load profile as the user wrote it, not yet checked; .proto and CSV files that it names are read.
 * @param path of the file; `-` for standard input
 * @throws ProfileNotReadableError
 * @throws InvalidInputError where the text is not JSON, with line and column.
 */
export async function readProfileFile(path: string): Promise<JsonText> {
  if (path === '-') return withFiles(readJsonText(await readStandardInput(), 'standard input'), '.');
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ProfileNotReadableError(path, error);
  }
  return withFiles(readJsonText(bytes, path), dirname(path));
}

async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY)
    process.stderr.write('reading the load profile from the terminal; Ctrl-D ends it\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
