import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import type { Definition } from './state-machine-definition.ts';

/** The published package has a manifest without dependencies here: its version decides. */
const { version, dependencies = {} }: PackageManifest = manifest;

interface PackageManifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** State machines that were found valid at an earlier start: to validate one takes a third of a CPU second. */
export interface ValidDefinitions {
  has(definition: Definition): boolean;
  add(definition: Definition): void;
}

/** @param directory of caches, where each has an empty file that is named by its content; undefined: none is remembered */
export function makeValidDefinitions(directory: string | undefined): ValidDefinitions {
  const validator = JSON.stringify([version, dependencies['aws-local-stepfunctions']]);
  const fileOf = (definition: Definition): string | undefined => {
    if (directory === undefined) return undefined;
    const hash = createHash('sha256').update(validator).update(JSON.stringify(definition));
    return path.join(directory, 'valid-state-machines', hash.digest('hex'));
  };
  return {
    has(definition) {
      const file = fileOf(definition);
      return file !== undefined && existsSync(file);
    },
    add(definition) {
      const file = fileOf(definition);
      if (file === undefined) return;
      try {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, '');
      } catch {
        // A directory that cannot be written to: it is validated again at the next start.
      }
    },
  };
}
