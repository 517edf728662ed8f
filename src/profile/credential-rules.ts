import type { InputError } from '../shared/errors.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { credentialPlaceholders, isCredentialTemplate } from './credential-template.ts';
import type { ConnectSettings, LoadProfile } from './load-profile.ts';

const byReference = 'name where it comes from: {"variable": "NAME"}, {"file": "path"} or {"secret": "name"}';

/** What settings of credentials mean for each other. No message repeats a password. */
export function checkCredentials({
  auth,
  username,
  password,
  cert,
  key,
  client,
  ...rest
}: ConnectSettings): InputError[] {
  const errors: InputError[] = [];
  const add = (path: string, message: string, hint: string): void => {
    errors.push({ path: `connect.${path}`, message, hint });
  };
  if (username !== undefined) {
    for (const [braces, name = ''] of username.matchAll(/\{([^{}]*)\}/g)) {
      if (credentialPlaceholders.some((known) => known === name)) continue;
      add(
        'username',
        `${braces} is not a placeholder`,
        suggestFrom(name, credentialPlaceholders, 'the placeholders are'),
      );
    }
  }
  if (typeof password === 'string' && !isCredentialTemplate(password))
    add('password', 'is a password itself, and plan, report and shell history would show it', byReference);
  for (const [setting, value] of Object.entries({ username, password })) {
    if (value === undefined || auth === 'password') continue;
    add(
      setting,
      `has no meaning with connect.auth "${auth}"`,
      'remove it, or set connect.auth to "password"',
    );
  }
  const mayHoldUsername = typeof password === 'object' && 'secret' in password;
  if (auth === 'password' && username === undefined && !mayHoldUsername)
    add(
      'username',
      'is missing: connect.auth is "password"',
      'set the user name, such as "meter-{deviceId}"',
    );
  if (auth === 'password' && password === undefined)
    add('password', 'is missing: connect.auth is "password"', byReference);
  if (key !== undefined && cert === undefined)
    add(
      'cert',
      'is missing: connect.key is the key of a certificate',
      'set the path of the certificate, or remove connect.key',
    );
  if (cert !== undefined && auth !== 'x509' && auth !== 'password')
    add('cert', `has no meaning with connect.auth "${auth}"`, 'remove it, or set connect.auth to "x509"');
  if (client === 'device-sdk') {
    const { alpn, serverName, insecure } = rest;
    for (const [setting, value] of Object.entries({ alpn, serverName, insecure })) {
      if (value === undefined) continue;
      add(setting, 'has no meaning for the client device-sdk', 'remove it, or set connect.client to "dense"');
    }
  }
  return errors;
}

/** Whether some device takes a target's certificate unchecked. */
export function isUnchecked({ connect, groups }: LoadProfile): boolean {
  return (groups ?? [{ connect }]).some((each) => each.connect.insecure === true);
}
