import { sumOf } from '../../shared/counts.ts';
import { formatCount, formatPlural, formatQuantity } from '../../shared/format.ts';
import { sumLoads } from '../load-shapes/rate-stretches.ts';
import { peakOf } from '../load-shapes/resolved-load.ts';
import { hasRate, whyUnrated } from '../rate-rules.ts';
import {
  devicesOf,
  judgedByMessages,
  levelOf,
  type QuantityRules,
  whyNotJudgedOfMessages,
} from './quantity-rules.ts';

/** Patterns whose rate is not the same in each second: a hold of a few seconds would have more or fewer messages than its level. */
const unevenPatterns: readonly string[] = ['pulse', 'burst', 'gaps'];

export const searchedRate: QuantityRules = {
  isOfIdle: false,
  isOf: hasRate,
  plannedOf: (groups) => peakOf(sumLoads(groups)),
  complete: ({ from }, _input, needsLoad) => (needsLoad ? { ratePerSecond: levelOf(from) } : {}),
  saysPlanned: (_input, hasLoad) => hasLoad,
  refuse(groups, group) {
    const settings = groups.map((each) => each.settings);
    const why = whyUnrated(settings, group);
    if (why !== undefined)
      return {
        message: why,
        hint: 'search a group of devices that send at a rate (search.group), or give the devices a rate',
      };
    const patterns = settings.flatMap(
      ({ messages, pattern }) => messages?.map((kind) => kind.pattern) ?? [pattern],
    );
    if (!patterns.some((pattern) => pattern !== undefined && unevenPatterns.includes(pattern.kind)))
      return undefined;
    return {
      message: 'messages come in bursts, all at once or after gaps, and not at a rate',
      hint: 'remove burst, together and the distribution of everySeconds; arrivals "poisson" and jitter can stay',
    };
  },
  checkDevices(groups, search, { publishesPerSecondPerConnection: limit, name }) {
    const peaks = groups.map(({ settings }) => peakOf(settings));
    const sum = sumOf(peaks);
    return groups.flatMap(({ name: group, settings }, i) => {
      const { connect, devices } = settings;
      const level = (search.to * peaks[i]!) / sum;
      if (connect.protocol !== 'mqtt' || level / devices <= limit) return [];
      const each = Math.round((level / devices) * 10) / 10;
      return [
        {
          path: devicesOf(group),
          message: `are ${formatCount(devices)}, and send ${formatQuantity(each)} messages a second each at the highest level of the search; ${name} discards what is above ${limit} on a connection`,
          hint: `use at least ${formatPlural(Math.ceil(level / limit), 'device')}, or lower search.to to ${formatCount(Math.floor((devices * limit * sum) / peaks[i]!))}`,
        },
      ];
    });
  },
  whyNotJudged: whyNotJudgedOfMessages,
  judgedBy: judgedByMessages,
};
