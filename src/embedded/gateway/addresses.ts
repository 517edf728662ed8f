import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StampedeError } from '../../shared/errors.ts';
import { isLoopback } from '../../targets/target-check.ts';
import { checkKind, makePrivateDirectory, readRegularFile } from '../s3/file-kinds.ts';

/** Addresses of an embedded AWS, for other processes of this machine. */
export interface EmbeddedAwsAddress {
  /** Of the embedded-AWS process. */
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly stateMachineArn: string;
}

/** A hidden directory beside the runs: no key of the run bucket leads there. */
const directoryOf = (runsDirectory: string): string => path.join(path.resolve(runsDirectory), '.embedded');

/**
 * Lets others find this embedded AWS by its runs directory, for as long as its process lives.
 * @returns withdraws it
 * @throws LinkOutsideError, FileKindError where the directory of addresses is none
 */
export function publishAddress(runsDirectory: string, address: EmbeddedAwsAddress): () => void {
  const directory = directoryOf(runsDirectory);
  const file = path.join(directory, `${address.pid}.json`);
  makePrivateDirectory(directory);
  // Rename into place, so that no reader sees half an address. Only this user may read it: it allows starting runs.
  const temporary = path.join(directory, randomUUID());
  writeFileSync(temporary, JSON.stringify(address), { flag: 'wx', mode: 0o600 });
  renameSync(temporary, file);
  return () => rmSync(file, { force: true });
}

/**
 * Every embedded AWS that runs on these runs; what one that was killed has left is deleted.
 * @throws LinkOutsideError, FileKindError: a link could lead to files of the user's with such names
 */
export function findAddresses(runsDirectory: string): EmbeddedAwsAddress[] {
  const directory = directoryOf(runsDirectory);
  return namesIn(directory).flatMap((name) => {
    const file = path.join(directory, name);
    const address = read(file);
    if (address !== undefined && isAlive(address.pid)) return [address];
    rmSync(file, { force: true });
    return [];
  });
}

function namesIn(directory: string): string[] {
  try {
    const found = lstatSync(directory, { throwIfNoEntry: false });
    if (found === undefined) return [];
    checkKind(directory, found, 'directory');
    return readdirSync(directory).filter((name) => /^\d+\.json$/.test(name));
  } catch (error) {
    if (error instanceof StampedeError) throw error;
    return [];
  }
}

function read(file: string): EmbeddedAwsAddress | undefined {
  try {
    return checkAddress(JSON.parse(readRegularFile(file)));
  } catch {
    return undefined;
  }
}

/**
 * A runs directory may come from another user: without this check, the CLI would call any URL in it. Each must lead to
 * this machine.
 * @returns undefined for anything else
 */
function checkAddress(value: unknown): EmbeddedAwsAddress | undefined {
  if (!isObject(value) || !isObject(value.environment)) return undefined;
  const { pid, stateMachineArn, environment } = value;
  const isAddress =
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    typeof stateMachineArn === 'string' &&
    typeof environment.AWS_ENDPOINT_URL === 'string' &&
    Object.entries(environment).every(
      ([name, text]) => typeof text === 'string' && (!isPlace(name, text) || isOnLoopback(text)),
    );
  return isAddress ? (value as unknown as EmbeddedAwsAddress) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPlace(name: string, text: string): boolean {
  return text.includes('//') || /ENDPOINT|_URL/.test(name);
}

/** Of a URL, or of several between commas. */
function isOnLoopback(text: string): boolean {
  return text.split(',').every((each) => {
    const url = URL.parse(each);
    return url !== null && isLoopback(url.hostname);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
