import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import CheckFiles from '../../../stack/plugins/check-files.js';

const clone = path.resolve(import.meta.dirname, '../../..');

function check(patterns: readonly string[]): void {
  new CheckFiles({
    serviceDir: clone,
    service: { functions: { plan: {}, 'publish-mqtt': { package: { patterns } } } },
    classes: { Error },
  }).hooks['before:package:cleanup']();
}

describe('a file that a function’s package names', () => {
  it('stops the packaging where it is missing, and is named with its function', () => {
    expect(() => check(['serverless.yml', 'node_modules/no-such-package/native.node'])).toThrow(
      /missing: node_modules\/no-such-package\/native\.node \(publish-mqtt\)/,
    );
  });

  it('may be there, or be a pattern that matches nothing', () => {
    expect(() => check(['serverless.yml', '!**', 'nowhere/**'])).not.toThrow();
  });
});
