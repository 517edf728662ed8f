import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parseWeather, type WeatherSettings } from '../../embedded/iot-core/fault-settings.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { parseJsonText } from '../../shared/json-text.ts';

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
  return { weather: parseWeather(parseJsonText(text, isText ? '--weather' : weather)) };
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
