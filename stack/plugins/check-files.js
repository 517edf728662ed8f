import { existsSync } from 'node:fs';
import path from 'node:path';

/** A file that a function needs and that is not there would be left out of its zip without a word. */
export default class CheckFiles {
  constructor(serverless) {
    const check = () => {
      const { functions } = serverless.service;
      const missing = Object.entries(functions).flatMap(([key, definition]) =>
        (definition.package?.patterns ?? [])
          .filter((pattern) => !/[!*?{[]/.test(pattern))
          .filter((pattern) => !existsSync(path.join(serverless.serviceDir, pattern)))
          .map((pattern) => `${pattern} (${key})`),
      );
      if (missing.length === 0) return;
      throw new serverless.classes.Error(
        `Files of the functions are missing: ${missing.join(', ')}. ` +
          'Install the packages with npm, which puts aws-crt directly into node_modules.',
        'STAMPEDE_FILES_MISSING',
      );
    };
    this.hooks = { 'before:package:cleanup': check };
  }
}
