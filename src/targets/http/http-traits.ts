import { noTargetLimits } from '../../profile/target-limits.ts';
import { ForgedTargetError } from '../known-target.ts';
import type { HttpTarget } from '../target.ts';
import type { TargetTraits } from '../target-traits.ts';

/** Any web service: no quotas, no bill and no counts of its own that are known beforehand. */
export const httpTraits: TargetTraits<HttpTarget> = {
  kind: 'http',
  offers: {
    requests: true,
    observers: [],
    basicIngest: false,
    presence: false,
    sharedSubscriptions: [],
    protocols: ['https'],
    mqttVersions: [],
    qos: [],
    auth: ['none', 'x509'],
  },
  limits: { ...noTargetLimits, name: 'the web service', serviceMetrics: [] },
  quotas: [],
  isPriced: false,
  isEmulated: false,
  observers: [],
  serviceCounts: undefined,
  takesControl: false,
  mayBeAccounts: false,
  regionOf: () => undefined,
  hostsOf: ({ url }) => [new URL(url).hostname],
  namesOf: ({ url }) => [url],
  mqttEndpointsOf: () => [],
  dataUrlOf: ({ url }) => url,
  isCharged: () => false,
  describe: ({ url }) => url,
  checkPlanned({ url }, { hosts }) {
    if (hosts?.includes(url) !== true) throw new ForgedTargetError(url);
  },
};
