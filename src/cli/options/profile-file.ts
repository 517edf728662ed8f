import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { protobufSettingsIn } from '../../profile/encoding.ts';
import { exitCodes, type InputError, StampedeError } from '../../shared/errors.ts';
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

/** A load profile with the text of each .proto file that it names. @param directory that their paths begin in */
async function withProtoFiles({ value, errors }: JsonText, directory: string): Promise<JsonText> {
  const copy: unknown = structuredClone(value);
  const found: InputError[] = [];
  for (const { protobuf, path } of protobufSettingsIn(copy)) {
    const { file } = protobuf;
    if (typeof file !== 'string' || protobuf.schema !== undefined) continue;
    try {
      protobuf.schema = await readFile(resolve(directory, file), 'utf8');
    } catch (error) {
      const message = `cannot be read: ${whyNotReadable(error)}`;
      found.push({ path: `${path}.file`, message, hint: 'give its path from the directory of the profile' });
    }
  }
  return { value: copy, errors: [...errors, ...found] };
}

/**
 * A load profile as the user wrote it, not yet checked; .proto files that it names are read.
 * @param path of the file; `-` for standard input
 * @throws ProfileNotReadableError
 * @throws InvalidInputError where the text is not JSON, with line and column.
 */
export async function readProfileFile(path: string): Promise<JsonText> {
  if (path === '-') return withProtoFiles(readJsonText(await readStandardInput(), 'standard input'), '.');
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ProfileNotReadableError(path, error);
  }
  return withProtoFiles(readJsonText(bytes, path), dirname(path));
}

async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY)
    process.stderr.write('reading the load profile from the terminal; Ctrl-D ends it\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
