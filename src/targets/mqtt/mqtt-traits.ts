import { noTargetLimits } from '../../profile/target-limits.ts';
import { ForgedTargetError } from '../known-target.ts';
import { formatMqttEndpoint } from '../mqtt-endpoint.ts';
import type { MqttTarget } from '../target.ts';
import type { TargetTraits } from '../target-traits.ts';

/** Any broker: no quotas, no bill and no counts of its own that are known beforehand. */
export const mqttTraits: TargetTraits<MqttTarget> = {
  kind: 'mqtt',
  offers: {
    observers: ['subscriber'],
    basicIngest: false,
    presence: false,
    // MQTT 3.1.1 does not know them. A broker of MQTT 5 may refuse them: its subscribers then read by one connection.
    sharedSubscriptions: ['5'],
    requests: false,
    protocols: ['mqtt'],
    mqttVersions: ['3.1.1', '5'],
    qos: [0, 1, 2],
    auth: ['none', 'password', 'x509', 'custom'],
  },
  limits: {
    ...noTargetLimits,
    name: 'MQTT',
    // [MQTT-1.5.4] A string has two bytes for its length. [MQTT-3.1.2.10] So has the keep-alive, in seconds.
    topicBytes: 65_535,
    keepAliveMs: { min: 0, max: 65_535_000 },
    serviceMetrics: [],
  },
  quotas: [],
  isPriced: false,
  isEmulated: false,
  observers: ['subscriber'],
  serviceCounts: 'sys-topics',
  takesControl: false,
  mayBeAccounts: false,
  regionOf: () => undefined,
  hostsOf: ({ endpoints }) => [...new Set(endpoints.map(({ host }) => host))],
  // Whole, so that no plan.json that names another kind of target, port or authentication passes for it.
  namesOf: ({ endpoints }) => endpoints.map(formatMqttEndpoint),
  mqttEndpointsOf: ({ endpoints }) => endpoints,
  dataUrlOf: () => undefined,
  isCharged: () => false,
  describe({ endpoints: [endpoint] }) {
    return endpoint === undefined ? 'unknown' : `${endpoint.scheme}://${endpoint.host}:${endpoint.port}`;
  },
  checkPlanned({ endpoints }, { hosts }) {
    const other = endpoints.map(formatMqttEndpoint).find((each) => hosts?.includes(each) !== true);
    if (other !== undefined) throw new ForgedTargetError(other);
  },
};
