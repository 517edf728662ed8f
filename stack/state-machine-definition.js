import { readFileSync } from 'node:fs';

/**
 * The state machine as text, byte for byte what embedded AWS runs. As an object in the template it would lose its nulls
 * (`"ResultPath": null`), which CloudFormation does not allow.
 */
export const definition = readFileSync(
  new URL('../statemachine/load-test.asl.json', import.meta.url),
  'utf8',
);
