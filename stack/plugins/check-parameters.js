/** By the name in `custom.deployment`: the parameter that it comes from, where that has another name. */
const parameterNames = { maximumConcurrency: 'measureConcurrency' };

/** NaN for what JSON has no number for. */
function numberOf(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'number' ? value : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

const count = { fits: (text) => numberOf(text) >= 0, wanted: 'a number' };
const ceiling = {
  fits: (text) => text === 'none' || (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0),
  wanted: 'a number above 0, or none',
};

const wholeOrNone = {
  fits: (text) => text.trim() === 'null' || (Number.isSafeInteger(numberOf(text)) && numberOf(text) >= 1),
  wanted: 'a whole number of at least 1',
};

/** What the plan function reads these values as: src/plan has the same rules, and a test holds the two equal. */
const rules = {
  maximumConcurrency: count,
  minimumPollers: count,
  maximumPollers: count,
  streamShards: count,
  publishConcurrency: wholeOrNone,
  retentionDays: wholeOrNone,
  sliceSeconds: {
    fits: (text) => Number.isSafeInteger(numberOf(text)) && numberOf(text) >= 30 && numberOf(text) <= 900,
    wanted: 'a whole number of seconds from 30 to 900',
  },
  maxCostUsd: ceiling,
  maxDevices: ceiling,
  maxMessagesPerSecond: ceiling,
  maxConcurrentExecutions: ceiling,
  allowForce: { fits: (text) => text === 'true' || text === 'false', wanted: 'true or false' },
};

/**
 * A parameter without a meaning is refused before anything is packaged. The plan function would find it only when the first
 * run starts, and refuse every run.
 */
export default class CheckParameters {
  constructor(serverless) {
    const check = () => {
      // Read as text: a value that is no number leaves no JSON.
      const values = serverless.service.custom.deployment.matchAll(/"(\w+)":(?:"([^"]*)"|([^,}]*))/g);
      const faults = [...values].flatMap(([, name, quoted, bare]) => {
        const text = quoted ?? bare;
        const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
        if (rule === undefined || rule.fits(text)) return [];
        return [`--param ${parameterNames[name] ?? name}=${text}: must be ${rule.wanted}`];
      });
      if (faults.length === 0) return;
      throw new serverless.classes.Error(
        `${faults.join('\n')}\ndocs/deploy.md lists the parameters of the stack.`,
        'STAMPEDE_PARAMETER_WITHOUT_MEANING',
      );
    };
    this.hooks = { 'before:package:cleanup': check };
  }
}
