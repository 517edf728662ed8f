import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parseWeather, type WeatherSettings } from '../embedded/iot-core/weather-settings.ts';
import { InvalidInputError } from '../profile/errors.ts';
import { parseProfileText } from './profile-file.ts';
import type { QuotaFlags } from './quota-flags.ts';

/** As commander hands it over. */
export interface WeatherFlag {
  readonly weather?: string;
}

export function addWeatherFlag(command: Command): Command {
  return command.addOption(
    new Option(
      '--weather <json>',
      'faults of embedded IoT Core, as JSON or the path of a file with it: ' +
        '\'{"dropDeliveries":0.01,"ackDelay":{"lognormal":{"medianMs":20,"p99Ms":200}}}\'; ' +
        'docs/iot-core-fidelity.md lists them',
    ),
  );
}

/**
 * The weather that embedded AWS is to start with, in the form of its options.
 * @throws InvalidInputError with every fault
 */
export async function weatherOf({
  weather,
}: WeatherFlag): Promise<{ readonly weather?: Partial<WeatherSettings> }> {
  if (weather === undefined) return {};
  const isText = weather.trimStart().startsWith('{');
  const text = isText ? weather : await readText(weather);
  return { weather: parseWeather(parseProfileText(text, isText ? '--weather' : weather)) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const fault = {
      path: '--weather',
      message: `${file} cannot be read: ${(error as Error).message}`,
      hint: 'give a file of JSON, or the JSON itself: \'{"dropDeliveries":0.01}\'',
    };
    throw new InvalidInputError('The weather', [fault]);
  }
}

/** Flags that only embedded AWS can follow, as they are written and as commander names them. */
const embeddedOnly = {
  '--weather': 'weather',
  '--quota': 'quota',
  '--region-quotas': 'regionQuotas',
  '--throttle-answer': 'throttleAnswer',
} as const satisfies Record<string, keyof (WeatherFlag & QuotaFlags)>;

/**
 * For a run against a deployed stage: AWS makes its own weather, and its quotas are the account's.
 * @throws InvalidInputError for every flag that is for embedded AWS alone
 */
export function refuseEmbeddedOnly(flags: WeatherFlag & QuotaFlags, stage: string): void {
  const faults = Object.entries(embeddedOnly)
    .filter(([, name]) => flags[name] !== undefined)
    .map(([path]) => ({
      path,
      message: `is for embedded AWS alone, and --stage ${stage} runs on AWS`,
      hint: 'leave out one of the two',
    }));
  if (faults.length > 0) throw new InvalidInputError('The command', faults);
}
