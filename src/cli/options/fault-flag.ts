import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parseFaultSettings } from '../../profile/fault-schema.ts';
import type { FaultSettings } from '../../profile/service-faults.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { parseJsonText } from '../../shared/json-text.ts';

/** In the form in which commander parses it. */
export interface FaultFlag {
  readonly faults?: string;
}

export function addFaultFlag(command: Command): Command {
  return command.addOption(
    new Option(
      '--faults <json>',
      'faults of embedded IoT Core, as JSON or the path of a file with it: ' +
        '\'{"dropDeliveries":0.01}\'; ' +
        'docs/iot-core-fidelity.md lists them',
    ),
  );
}

/**
 * The injected faults that embedded AWS is to start with, in the form of its options.
 * @throws InvalidInputError with every error
 */
export async function faultSettingsOf({
  faults,
}: FaultFlag): Promise<{ readonly faults?: Partial<FaultSettings> }> {
  if (faults === undefined) return {};
  const isText = faults.trimStart().startsWith('{');
  const text = isText ? faults : await readText(faults);
  return { faults: parseFaultSettings(parseJsonText(text, isText ? '--faults' : faults)) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const problem = {
      path: '--faults',
      message: `${file} cannot be read: ${(error as Error).message}`,
      hint: 'give a file of JSON, or the JSON itself: \'{"dropDeliveries":0.01}\'',
    };
    throw new InvalidInputError('The description of faults', [problem]);
  }
}
