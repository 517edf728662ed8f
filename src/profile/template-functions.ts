/** A function call in a payload's `{{…}}`. Its arguments are checked and every default is filled in. */
export type TemplateCall =
  | { readonly name: 'deviceId' | 'deviceIndex' | 'n' | 'sequence' | 'now' | 'uuid' }
  | { readonly name: 'random'; readonly min: number; readonly max: number; readonly decimals: number }
  | { readonly name: 'gaussian'; readonly mean: number; readonly sd: number; readonly decimals: number }
  | {
      readonly name: 'choice';
      readonly values: readonly TemplateArgument[];
      /** What decides which: the device's number over the whole run, or the message's within its device. Absent: chance. */
      readonly by?: 'device' | 'message';
    }
  | {
      readonly name: 'sine';
      readonly min: number;
      readonly max: number;
      readonly periodSeconds: number;
      readonly decimals: number;
    }
  | {
      readonly name: 'walk';
      readonly start: number;
      readonly step: number;
      /** −Infinity and Infinity where the walk is free. */
      readonly min: number;
      readonly max: number;
      readonly decimals: number;
    }
  | { readonly name: 'randomBytes'; readonly bytes: number };

export type TemplateFunctionName = TemplateCall['name'] | 'perDevice' | 'perMessage';
export type TemplateArgument = string | number;

interface TemplateFunction {
  /** How it is written, for hints and documentation. */
  readonly usage: string;
  readonly help: string;
  /** What it yields: a text is in quotation marks where it is a whole value. `argument`: one of its arguments, whichever that is. */
  readonly yields: 'text' | 'number' | 'argument';
  /** The call, or a sentence that says what is wrong with the arguments. */
  readonly call: (args: readonly TemplateArgument[]) => TemplateCall | string;
}

/** Sensors report a few digits: enough to look real, few enough to stay small. */
const defaultDecimals = 2;
/** Base64 makes 4 characters of 3 bytes: more would not fit a message of 128 KB. */
const maxRandomBytes = 98_304;

export const templateFunctions: Readonly<Record<TemplateFunctionName, TemplateFunction>> = {
  deviceId: constant('deviceId', 'text', "the device's id, such as d7"),
  deviceIndex: constant('deviceIndex', 'number', "the device's number over the whole run, from 0"),
  n: constant('n', 'number', "the message's number within its slice, as in the envelope"),
  sequence: constant(
    'sequence',
    'number',
    "the message's number within its device, from 0; one that was dropped leaves a gap, and a device that replaces another goes on from its number",
  ),
  now: constant('now', 'number', 'the send time, epoch milliseconds'),
  uuid: constant('uuid', 'text', 'a version 4 UUID'),
  random: {
    usage: 'random(min, max[, decimals])',
    help: `a number spread evenly between min and max; ${defaultDecimals} decimals by default`,
    yields: 'number',
    call: numbers(2, 3, ([min, max, decimals = defaultDecimals]) =>
      min! > max!
        ? `min ${min} is above max ${max}`
        : (badDecimals(decimals) ?? { name: 'random', min: min!, max: max!, decimals }),
    ),
  },
  gaussian: {
    usage: 'gaussian(mean, sd[, decimals])',
    help: `a number of the normal distribution; ${defaultDecimals} decimals by default`,
    yields: 'number',
    call: numbers(2, 3, ([mean, sd, decimals = defaultDecimals]) =>
      sd! < 0
        ? `the standard deviation ${sd} is negative`
        : (badDecimals(decimals) ?? { name: 'gaussian', mean: mean!, sd: sd!, decimals }),
    ),
  },
  choice: {
    usage: "choice('a', 'b', …)",
    help: 'one of the values, each as likely',
    yields: 'argument',
    call: (values) => (values.length === 0 ? 'nothing to choose from' : { name: 'choice', values }),
  },
  perDevice: {
    usage: "perDevice('a', 'b', …)",
    help: 'the first value for the first device, and so on; after the last value the first again',
    yields: 'argument',
    call: (values) => (values.length === 0 ? 'nothing to take' : { name: 'choice', values, by: 'device' }),
  },
  perMessage: {
    usage: "perMessage('a', 'b', …)",
    help: "the first value in a device's first message, and so on; after the last value the first again",
    yields: 'argument',
    call: (values) => (values.length === 0 ? 'nothing to take' : { name: 'choice', values, by: 'message' }),
  },
  sine: {
    usage: 'sine(min, max, periodSeconds)',
    help: 'a wave between min and max over the time since publishing began, each device at its own phase',
    yields: 'number',
    call: numbers(3, 3, ([min, max, periodSeconds]) => {
      if (min! > max!) return `min ${min} is above max ${max}`;
      if (periodSeconds! <= 0) return `the period must be above 0 seconds, not ${periodSeconds}`;
      return {
        name: 'sine',
        min: min!,
        max: max!,
        periodSeconds: periodSeconds!,
        decimals: defaultDecimals,
      };
    }),
  },
  walk: {
    usage: 'walk(start, step[, min, max])',
    help: 'a random walk of each device: up to one step up or down a message, turned back at min and max',
    yields: 'number',
    call: numbers(2, 4, ([start, step, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY]) => {
      if (step! < 0) return `the step ${step} is negative`;
      if (min > max) return `min ${min} is above max ${max}`;
      if (start! < min || start! > max) return `the start ${start} is not between ${min} and ${max}`;
      return { name: 'walk', start: start!, step: step!, min, max, decimals: defaultDecimals };
    }),
  },
  randomBytes: {
    usage: 'randomBytes(n)',
    help: 'n random bytes, in base64',
    yields: 'text',
    call: numbers(1, 1, ([bytes]) =>
      Number.isInteger(bytes) && bytes! >= 0 && bytes! <= maxRandomBytes
        ? { name: 'randomBytes', bytes: bytes! }
        : `n must be a whole number from 0 to ${maxRandomBytes}, not ${bytes}`,
    ),
  },
};

function constant(
  name: 'deviceId' | 'deviceIndex' | 'n' | 'sequence' | 'now' | 'uuid',
  yields: 'text' | 'number',
  help: string,
): TemplateFunction {
  return {
    usage: name,
    help,
    yields,
    call: (args) => (args.length === 0 ? { name } : 'it takes no arguments'),
  };
}

function numbers(
  least: number,
  most: number,
  call: (args: readonly number[]) => TemplateCall | string,
): TemplateFunction['call'] {
  return (args) => {
    if (args.length < least || args.length > most) {
      return `it takes ${least === most ? least : `${least} to ${most}`} numbers, not ${args.length}`;
    }
    const text = args.find((arg) => typeof arg === 'string');
    return text === undefined ? call(args as readonly number[]) : `'${text}' is not a number`;
  };
}

/** Past 15 decimals a double has no digits left. */
function badDecimals(decimals: number): string | undefined {
  return Number.isInteger(decimals) && decimals >= 0 && decimals <= 15
    ? undefined
    : `decimals must be a whole number from 0 to 15, not ${decimals}`;
}
