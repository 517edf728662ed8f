import path from 'node:path';
import type { Override } from '../../profile/overrides.ts';
import { isObject, type JsonObject } from '../../shared/json-path.ts';

const settings = ['ca', 'cert', 'key'] as const;

/**
 * The profile with the files that its credentials are in as absolute paths: devices connect from processes with other working
 * directories.
 * @param directory of the profile's file; of flags and variables, the working directory
 */
export function withAbsolutePaths(input: unknown, directory: string): unknown {
  if (!isObject(input)) return input;
  const { connect, groups } = input;
  return {
    ...input,
    ...(isObject(connect) && { connect: connectWithPaths(connect, directory) }),
    ...(isObject(groups) && {
      groups: Object.fromEntries(
        Object.entries(groups).map(([name, group]) => [name, withAbsolutePaths(group, directory)]),
      ),
    }),
  };
}

function connectWithPaths(connect: JsonObject, directory: string): JsonObject {
  const absolute = (value: unknown): unknown =>
    typeof value === 'string' && value !== '' ? path.resolve(directory, value) : value;
  const { password } = connect;
  return {
    ...connect,
    ...Object.fromEntries(
      settings.flatMap((name) => (connect[name] === undefined ? [] : [[name, absolute(connect[name])]])),
    ),
    ...(isObject(password) &&
      password.file !== undefined && { password: { ...password, file: absolute(password.file) } }),
  };
}

/** The same of a flag or a variable: it is relative to the working directory. */
export function withAbsolutePath(override: Override): Override {
  const { option, text } = override;
  if (text.startsWith('secret:')) return override;
  if (settings.some((name) => option.path === `connect.${name}`))
    return { ...override, text: path.resolve(text) };
  const [, file] = /^file:(.+)$/s.exec(text) ?? [];
  if (option.path !== 'connect.password' || file === undefined) return override;
  return { ...override, text: `file:${path.resolve(file)}` };
}
