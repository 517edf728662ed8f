import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FileOrSecret } from '../profile/credential-template.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';

/** The credentials that a profile names cannot be found or read. Exit code 2. */
export class BadCredentialsError extends StampedeError {
  constructor(what: string, hint: string, cause?: unknown) {
    super('BadCredentials', what, { hint, exitCode: exitCodes.badUsage, cause });
  }
}

/** Devices whose credentials are read: those of a slice. */
export interface DeviceRange {
  readonly runId: string;
  /** Index over the whole run. */
  readonly firstDevice: number;
  /** Clients beyond them show what the last one shows. */
  readonly count: number;
}

/** Where credentials are read. */
export interface CredentialAccess {
  /** Of the process that devices connect from. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The text of a secret of Secrets Manager. */
  secret(name: string): Promise<string>;
}

/**
 * Certificates of authorities, from a file or a secret: PEM. Without the check TLS would trust those of the system instead of an empty text.
 * @throws BadCredentialsError
 */
export async function readAuthority(
  source: FileOrSecret,
  access: Pick<CredentialAccess, 'secret'>,
): Promise<string> {
  const isFile = typeof source === 'string';
  const text = await (isFile ? readText(source, 'connect.ca') : readSecret(source.secret, access));
  try {
    new X509Certificate(text);
  } catch (error) {
    const name = isFile ? source : `the secret ${source.secret}`;
    throw new BadCredentialsError(
      `${name} is no certificate in PEM`,
      'set connect.ca to the certificate of the authority that signed that of the target',
      error,
    );
  }
  return text;
}

/** @throws BadCredentialsError that names the secret */
export async function readSecret(
  name: string,
  { secret }: Pick<CredentialAccess, 'secret'>,
): Promise<string> {
  try {
    return await secret(name);
  } catch (error) {
    throw new BadCredentialsError(
      `the secret ${name} could not be read: ${(error as Error).name}`,
      'check its name and Region, and secretsmanager:GetSecretValue',
      error,
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
};

/** @throws BadCredentialsError that names the setting */
export async function readText(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw notReadable(path, setting, error);
  }
}

export function notReadable(path: string, setting: string, error: unknown): BadCredentialsError {
  const code = String((error as NodeJS.ErrnoException).code);
  return new BadCredentialsError(
    `${path} cannot be read: ${reasons[code] ?? code}`,
    `set ${setting} to a file that devices can read; a path is relative to the profile, and in a flag to the working directory`,
    error,
  );
}
