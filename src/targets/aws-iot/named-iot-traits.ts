import { ForgedTargetError } from '../known-target.ts';
import { formatMqttEndpoint } from '../mqtt-endpoint.ts';
import type { AwsIotTarget } from '../target.ts';
import type { TargetTraits } from '../target-traits.ts';
import { awsIotTraits } from './aws-iot-traits.ts';

/**
 * An endpoint of AWS IoT Core that a profile names. It has AWS's limits, quotas and prices, but the run's rule, queue and
 * CloudWatch are those of the account that the run takes place in: a subscriber counts the arrivals.
 */
export const namedIotTraits: TargetTraits<AwsIotTarget> = {
  ...awsIotTraits,
  offers: {
    ...awsIotTraits.offers,
    observers: ['subscriber'],
    basicIngest: false,
    protocols: ['mqtt'],
    auth: ['x509', 'password'],
  },
  quotas: awsIotTraits.quotas.filter((name) => name !== 'ruleEvaluationsPerSecond'),
  isEmulated: false,
  observers: ['subscriber'],
  serviceCounts: undefined,
  takesControl: false,
  // Whole, so that no plan.json that names another port or authentication passes for it.
  namesOf: ({ endpoints }) => endpoints.map(formatMqttEndpoint),
  describe: (target) => awsIotTraits.describe(target, false),
  checkPlanned({ endpoints }, { hosts }) {
    const other = endpoints.map(formatMqttEndpoint).find((each) => hosts?.includes(each) !== true);
    if (other !== undefined) throw new ForgedTargetError(other);
  },
};
